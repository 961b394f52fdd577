package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/template"
)

// shortestView is the least time that a dashboard shows: within it the points of a local run can be told apart from its edges.
const shortestView = 30 * time.Minute

// dashboardOptions is what devstack dashboard is told besides the logs.
type dashboardOptions struct {
	template, stack, out string
}

// runDashboard is devstack dashboard: the template's dashboard, drawn of the logs of a local run.
func runDashboard(arguments []string, stdout, stderr io.Writer) error {
	line := commandline.New("devstack dashboard", stderr)
	line.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "Usage of devstack dashboard: [options] LOG …")
		line.PrintDefaults()
	}

	var given dashboardOptions

	line.StringVar(&given.template, "template", "template.yaml", "the template that has the dashboard")
	line.StringVar(&given.stack, "stack", "", "the stack's name; without one it is the one that the metrics in the logs are of")
	line.StringVar(&given.out, "out", filepath.Join(".exports", "dashboard.html"), "the file to write")

	if err := commandline.Parse(line, arguments); err != nil {
		return err
	}

	if line.NArg() == 0 {
		return errors.New("say which logs: devstack dashboard [options] LOG … (devstack run prints the name of its own)")
	}

	view, err := readLogs(line.Args())
	if err != nil {
		return err
	}

	if given.stack, err = stackOf(view.Store, given.stack); err != nil {
		return err
	}

	dashboard, err := readDashboard(given, &view)
	if err != nil {
		return err
	}

	if err := writeDashboard(given.out, dashboard, view); err != nil {
		return err
	}

	if _, err := fmt.Fprintf(stdout, "dashboard  %s\n", given.out); err != nil {
		return fmt.Errorf("say where the dashboard is: %w", err)
	}

	return nil
}

// stackOf returns the stack of the metrics, which is the one asked for, if one is. Of another stack nothing would be drawn.
func stackOf(store *cloudwatchsim.Store, asked string) (string, error) {
	var stacks []string

	for _, metric := range store.Metrics() {
		if stack := metric.Dimensions["Stack"]; stack != "" && !slices.Contains(stacks, stack) {
			stacks = append(stacks, stack)
		}
	}

	switch {
	case len(stacks) == 0:
		return "", errors.New("there are no metrics of a stack in the logs (are they those of functions?)")
	case asked == "" && len(stacks) == 1:
		return stacks[0], nil
	case !slices.Contains(stacks, asked):
		return "", fmt.Errorf("the metrics in the logs are of %q; say which with -stack", stacks)
	default:
		return asked, nil
	}
}

// readDashboard evaluates the template for a stack, and reads its dashboard and, for the view, its alarms.
func readDashboard(given dashboardOptions, view *cloudwatchsim.View) (cloudwatchsim.Dashboard, error) {
	var none cloudwatchsim.Dashboard

	view.Title = "Dashboard of the stack " + given.stack

	source, err := template.Read(given.template)
	if err != nil {
		return none, err
	}

	stack, err := source.Evaluate(template.Deployment{
		StackName: given.stack, Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de"},
	})
	if err != nil {
		return none, err
	}

	for _, resource := range stack.OfType("AWS::CloudWatch::Alarm") {
		alarm, err := cloudwatchsim.ParseAlarm(resource.Properties)
		if err != nil {
			return none, fmt.Errorf("resource %s: %w", resource.LogicalID, err)
		}

		if alarm.Name == "" {
			alarm.Name = resource.LogicalID
		}

		view.Alarms = append(view.Alarms, alarm)
	}

	dashboards := stack.OfType("AWS::CloudWatch::Dashboard")
	if len(dashboards) != 1 {
		return none, fmt.Errorf("%s has %d dashboards for a stack of default parameters, not one", given.template, len(dashboards))
	}

	body, is := dashboards[0].Properties["DashboardBody"].(string)
	if !is {
		return none, fmt.Errorf("resource %s: its DashboardBody is not a text", dashboards[0].LogicalID)
	}

	dashboard, err := cloudwatchsim.ParseDashboard([]byte(body))
	if err != nil {
		return none, fmt.Errorf("resource %s: %w", dashboards[0].LogicalID, err)
	}

	return dashboard, nil
}

// readLogs takes metrics and records of logs, and shows the time that they tell of.
func readLogs(names []string) (cloudwatchsim.View, error) {
	view := cloudwatchsim.View{Store: new(cloudwatchsim.Store)}

	for _, name := range names {
		if err := readLog(name, &view); err != nil {
			return view, fmt.Errorf("read the log %s: %w", name, err)
		}
	}

	view.To = view.To.Truncate(time.Minute).Add(time.Minute)
	view.From = view.From.Truncate(time.Minute)

	if earliest := view.To.Add(-shortestView); view.From.After(earliest) {
		view.From = earliest
	}

	return view, nil
}

func readLog(name string, view *cloudwatchsim.View) error {
	log, err := os.Open(name) //nolint:gosec // the log is the caller's choice
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // it was only read

	samples, err := cloudwatchsim.ParseLog(log)
	if err != nil {
		return err
	}

	view.Store.Put(samples...)

	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return err
	}

	records, err := cloudwatchsim.ParseRecords(log)
	view.Records = append(view.Records, records...)

	for _, record := range records {
		if at := record.At; !at.IsZero() && (view.From.IsZero() || at.Before(view.From)) {
			view.From = at
		}

		if record.At.After(view.To) {
			view.To = record.At
		}
	}

	return err
}

func writeDashboard(name string, dashboard cloudwatchsim.Dashboard, view cloudwatchsim.View) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return fmt.Errorf("make the dashboard's folder: %w", err)
	}

	file, err := os.Create(name) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return fmt.Errorf("make the dashboard's file: %w", err)
	}

	return errors.Join(dashboard.Draw(file, view), file.Close())
}
