package lambdasim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const (
	// version is the one version that a function has here.
	version = "$LATEST"

	headerRequestID = "X-Amzn-Requestid"
	headerErrorType = "X-Amzn-Errortype"
	apiPath         = "/2015-03-31/functions"
)

func (e *Endpoint) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+apiPath+"/{name}/invocations", e.invoke)
	mux.HandleFunc("GET "+apiPath, e.list)
	mux.HandleFunc("GET "+apiPath+"/{$}", e.list)
	mux.HandleFunc("GET "+apiPath+"/{name}", e.describe)
	mux.HandleFunc("GET "+apiPath+"/{name}/configuration", e.describeConfiguration)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		apiError{
			status: http.StatusNotFound, code: "UnknownOperationException",
			message: "the local endpoint does not know " + r.Method + " " + r.URL.Path,
		}.write(w)
	})

	return mux
}

// apiError is an error as the Lambda API answers it; a nil pointer means none.
type apiError struct {
	status  int
	code    string
	message string
	reason  string
}

// write answers the error. The API spells the message's name differently from error to error, so both are there.
func (a apiError) write(w http.ResponseWriter) {
	fault := "User"
	if a.status >= http.StatusInternalServerError {
		fault = "Service"
	}

	body := map[string]string{"Type": fault, "Message": a.message, "message": a.message}
	if a.reason != "" {
		body["Reason"] = a.reason
	}

	w.Header().Set(headerErrorType, a.code)
	writeJSON(w, a.status, body)
}

func closedError() apiError {
	return apiError{
		status: http.StatusInternalServerError, code: "ServiceException",
		message: "the local endpoint is closed",
	}
}

func throttledError() apiError {
	return apiError{
		status: http.StatusTooManyRequests, code: "TooManyRequestsException",
		message: "Rate Exceeded.", reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic("encode an answer of strings and numbers: " + err.Error())
	}

	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// find returns the function that a request names: plainly, by ARN or by partial ARN, each with an optional qualifier.
func (e *Endpoint) find(name, qualifier string) (*function, *apiError) {
	form := regexp.MustCompile(
		`^(?:(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):)?(\d{12}):function:|function:)?([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9$_-]{1,128}))?$`)
	parts := form.FindStringSubmatch(name)
	if parts == nil {
		return nil, &apiError{
			status: http.StatusBadRequest, code: "InvalidParameterValueException",
			message: fmt.Sprintf("the function name %q is neither a name nor an ARN", name),
		}
	}

	region, owner, plain, suffix := parts[1], parts[2], parts[3], parts[4]
	if suffix != "" && qualifier != "" && suffix != qualifier {
		return nil, &apiError{
			status: http.StatusBadRequest, code: "InvalidParameterValueException",
			message: "the qualifier in the function name and the specified qualifier differ",
		}
	}

	f, known := e.functions[plain]
	known = known && (region == "" || region == e.region) && (owner == "" || owner == account)
	known = known && (suffix == "" || suffix == version) && (qualifier == "" || qualifier == version)
	if !known {
		return nil, &apiError{
			status: http.StatusNotFound, code: "ResourceNotFoundException",
			message: "Function not found: arn:aws:lambda:" + e.region + ":" + account + ":function:" + strings.Join(slices.DeleteFunc(
				[]string{plain, cmp.Or(suffix, qualifier)}, func(part string) bool { return part == "" }), ":"),
		}
	}

	return f, nil
}

// requested returns the function that the request's path and query name, or answers the request and returns nil.
func (e *Endpoint) requested(w http.ResponseWriter, r *http.Request) *function {
	f, problem := e.find(r.PathValue("name"), r.URL.Query().Get("Qualifier"))
	if problem != nil {
		problem.write(w)

		return nil
	}

	return f
}
