package operator

// What tests compare with the template and with the state machine.

// AlarmNames are the alarms that the doctor looks for.
func AlarmNames() []string { return alarmNames() }

// StateCounted is the state machine's state that an invocation is reported from.
const StateCounted = stateCounted

// Outputs are the template's outputs that are read.
func Outputs() []string {
	return []string{outputRotator, outputWorkflow, outputSecret, outputToken, outputLocation, outputTopic, outputReaders}
}

// Parameters are the template's parameters that are read.
func Parameters() []string {
	return []string{parameterEnvironment, parameterAPI, parameterListings, parameterSecret, parameterBucket, parameterKey}
}
