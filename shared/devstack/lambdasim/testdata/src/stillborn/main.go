// Command stillborn is a function that never asks for an invocation: it ends, with or without telling why, or hangs.
package main

import (
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	if os.Getenv("HANG") != "" {
		time.Sleep(time.Minute)
	}
	if message := os.Getenv("LAST_WORDS"); message != "" {
		document := strings.NewReader(`{"errorType":"InvalidConfiguration","errorMessage":"` + message + `"}`)
		reply, err := http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json", document)
		if err != nil || reply.StatusCode != http.StatusAccepted {
			os.Exit(9)
		}
	}
	if os.Getenv("EXIT") == "0" {
		os.Exit(0)
	}
	os.Exit(3)
}
