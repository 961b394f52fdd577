# What the scripts of this folder's neighbours share, to be sourced at the top of the checkout: programs of others are
# installed by name and version, once a machine, into a cache folder, which the checkout's ignored folder .tools links to.

readonly tools=$PWD/.tools store=${XDG_CACHE_HOME:-$HOME/.cache}/genesys-cloud-export
export GO=${GO:-go} SAM_CLI_TELEMETRY=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/.ci/lib

need() { # what it is, a command that shows that it is there
  local what=$1
  shift
  "$@" >/dev/null 2>&1 || { echo "${0#.ci/} needs $what" >&2; exit 1; }
}

need_python() {
  need "Python 3.11 or later: python3" python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'
  need "Python's venv and pip (on Debian the package python3-venv)" python3 -c 'import ensurepip, venv'
}

need_node() {
  need "Node 20 or later: node" node -e 'process.exit(Number(parseInt(process.versions.node) < 20))'
  need "npm" npm --version
}

# once installs what is not there in just that form. What a broken installation left is removed first.
once() { # folder below .tools, form, command that is given the folder to install into
  local name=$1 form=$2
  local folder=$store/${form//[^A-Za-z0-9.=-]/_}
  shift 2
  mkdir -p "$tools" "$store"
  (
    flock 9 2>/dev/null || true # without flock, as on macOS, nobody else may install at the same time
    if [ ! -e "$folder.installed" ]; then
      rm -rf "$folder"
      echo "installing $form" >&2
      "$@" "$folder" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; echo "$form could not be installed" >&2; exit 1; }
      touch "$folder.installed"
    fi
    rm -rf "${tools:?}/$name" # a folder, as older code made it, would take the link into itself
    ln -s "$folder" "$tools/$name"
  ) 9>"$folder.lock" || exit 1
}

python_packages() { # package…, folder
  local folder=${!#}
  python3 -m venv "$folder" && "$folder/bin/python" -m pip install --quiet "${@:1:$#-1}"
}
node_package() { npm install --prefix "$2" --no-audit --no-fund --no-package-lock --loglevel=error "$1"; }

# moto stands in two places: as a judge of the local world, and under the deployed stack.
MOTO='moto[server]==5.2.5'
install_moto() { once moto "$MOTO" python_packages "$MOTO"; }

SAM_CLI=aws-sam-cli==1.170.0
install_sam() { once sam "$SAM_CLI" python_packages "$SAM_CLI"; }
