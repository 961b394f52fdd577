"""The documents that show what was measured: the table, the chart of growth, the cost."""

import statistics

import with_server

TABLE = with_server.TOP / "shared/devstack/bench.md"
CHART = with_server.TOP / "shared/devstack/growth.svg"
COST = with_server.TOP / "shared/operator/COST.md"
CLIENTS = {"export-users": "export-users", "vendor's SDK": "vendor's JavaScript SDK", "tutorial": "tutorials' list in memory"}
PANELS = [("processor time, s", 1), ("time, where the API takes none, s", 1), ("peak memory, MB", 1_000_000)]


def put(document, name, text):
    """Puts text between the document's comments of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{document} has no place for {name}")
    document.write_text(f"{before}{begin}{text}\n{end}{after}", encoding="utf-8")


def draw(growth):
    """Draws how processor time, time and memory grow with the number of users, for each client."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9})
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(9, 3), layout="constrained")
    for index, (axis, (title, unit)) in enumerate(zip(axes, PANELS)):
        for client, label in CLIENTS.items():
            sizes = sorted(growth[client])
            values = [statistics.median(run[index] for run in growth[client][size]) / unit for size in sizes]
            axis.plot(sizes, values, marker="o", markersize=3, label=label)
        axis.set(xscale="log", yscale="log", title=title, xlabel="users")
        axis.minorticks_off()
        for scale in axis.xaxis, axis.yaxis:
            scale.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(CLIENTS), frameon=False)
    figure.savefig(CHART, metadata={"Date": None})
