// Command empty is a function with nothing in it: how long the runtime itself takes until it asks for an event.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() {}) }
