package operator

// StateCounted is the state machine's state that an invocation is reported from, for the test that looks for it there.
const StateCounted = stateCounted
