// Command misfit is a runtime of its own that breaks the rules of the Runtime API, and answers each invocation with the
// status codes that it was given for that.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	invocation := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(invocation + "next")
		if err != nil {
			os.Exit(1)
		}
		event, _ := io.ReadAll(next.Body)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")

		var codes []string
		note := func(reply *http.Response, err error) {
			if err != nil {
				os.Exit(2)
			}
			reply.Body.Close()
			codes = append(codes, fmt.Sprint(reply.StatusCode))
		}
		note(http.Get(invocation + "next"))
		note(http.Post(invocation+"another/response", "", strings.NewReader("{}")))
		note(http.Post(invocation+"another/error", "", strings.NewReader("{}")))
		note(http.Get(invocation + id + "/response"))

		answer := strings.Join(codes, " ")
		if string(event) == `"fail"` {
			note(http.Post(invocation+id+"/error", "", strings.NewReader(answer)))
		} else {
			note(http.Post(invocation+id+"/response", "", strings.NewReader(answer)))
		}
		note(http.Post(invocation+id+"/response", "", strings.NewReader("again")))
		fmt.Println("at last", codes[len(codes)-2:])
	}
}
