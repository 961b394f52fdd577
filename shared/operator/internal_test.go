package operator

// What tests compare with the template and with the state machine.

// AlarmNames are the alarms that the doctor looks for.
func AlarmNames() []string { return alarmNames() }

// StateCounted is the state machine's state that an invocation is reported from.
const StateCounted = stateCounted
