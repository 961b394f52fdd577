// Command stillborn is a function that never asks for an invocation: it ends, with or without telling why, hangs, or takes
// too much memory.
package main

import (
	"bytes"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if count, err := strconv.Atoi(os.Getenv("EAT_MB")); err == nil {
		block := bytes.Repeat([]byte{1}, count<<20)
		time.Sleep(time.Minute)
		os.Exit(int(block[0]))
	}
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
