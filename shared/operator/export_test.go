package operator

// What tests hold to the template and to the state machine.

// AlarmNames are the alarms that the doctor takes for a stack's own.
func AlarmNames() []string { return alarmNames() }

// States are the state machine's states that following knows.
func States() []string { return states() }

// Outputs are the template's outputs that are read.
func Outputs() []string {
	return []string{
		outputRotator, outputExportUsers, outputWorkflow, outputSecret, outputToken, outputBucket, outputLocation, outputTopic,
	}
}

// Parameters are the template's parameters that are read.
func Parameters() []string {
	return []string{
		parameterEnvironment, parameterAPI, parameterSchedule, parameterSecret, parameterBucket, parameterKey,
	}
}
