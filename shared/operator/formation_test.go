package operator_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"sync"
)

// formation is CloudFormation as far as it describes stacks, in the query protocol.
type formation struct {
	mu     sync.Mutex
	stacks map[string]*described
}

// described is what is told about a stack.
type described struct {
	status              string
	outputs, parameters map[string]string
}

// change alters what is told of a stack.
func (f *formation) change(name string, how func(*described)) {
	f.mu.Lock()
	defer f.mu.Unlock()

	how(f.stacks[name])
}

func (f *formation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if r.FormValue("Action") != "DescribeStacks" {
		queryError(w, http.StatusBadRequest, "InvalidAction", "no such action")
		return
	}

	name := r.FormValue("StackName")

	stack, ok := f.stacks[name]
	if !ok {
		queryError(w, http.StatusBadRequest, "ValidationError", "Stack with id "+name+" does not exist")
		return
	}

	type pair struct {
		OutputKey      string `xml:",omitempty"`
		OutputValue    string `xml:",omitempty"`
		ParameterKey   string `xml:",omitempty"`
		ParameterValue string `xml:",omitempty"`
	}
	type member struct {
		StackName, StackStatus, CreationTime string
		Outputs                              []pair `xml:"Outputs>member"`
		Parameters                           []pair `xml:"Parameters>member"`
	}

	told := member{StackName: name, StackStatus: stack.status, CreationTime: "2026-11-25T12:00:00Z"}
	for key, value := range stack.outputs {
		told.Outputs = append(told.Outputs, pair{OutputKey: key, OutputValue: value})
	}
	for key, value := range stack.parameters {
		told.Parameters = append(told.Parameters, pair{ParameterKey: key, ParameterValue: value})
	}

	queryReply(w, "DescribeStacks", struct {
		Stacks []member `xml:"Stacks>member"`
	}{[]member{told}})
}

// queryReply answers in the query protocol.
func queryReply(w http.ResponseWriter, action string, result any) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%sResponse>", action)
	_ = xml.NewEncoder(w).EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	fmt.Fprintf(w, "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%sResponse>", action)
}

func queryError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprint(w, "<ErrorResponse><Error><Type>Sender</Type><Code>")
	_ = xml.EscapeText(w, []byte(code))
	fmt.Fprint(w, "</Code><Message>")
	_ = xml.EscapeText(w, []byte(message))
	fmt.Fprint(w, "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>")
}

// identity is STS as far as it tells whose credentials they are.
func identity(w http.ResponseWriter, _ *http.Request) {
	queryReply(w, "GetCallerIdentity", struct{ Account, Arn, UserId string }{account, "arn:aws:iam::" + account + ":user/x", "x"})
}
