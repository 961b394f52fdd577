package genesyssim_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// loadFaults parses a script of testdata.
func loadFaults(t *testing.T, name string) []genesyssim.Fault {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "faults", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	faults, err := genesyssim.ParseFaults(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}

	return faults
}

// Pages of ten users, as [observer] writes them.
const (
	usual  = `200 {"entities":[TEN],"nextUri":"LINK2","selfUri":"LINK1","results":10,"cursor":"CURSOR2"}`
	second = `200 {"entities":[NEXT TEN],"nextUri":"LINK3","selfUri":"LINK2","results":10,"cursor":"CURSOR3"}`
)

func apiError(status int, code, message string) string {
	return fmt.Sprintf(`%d {"message":"%s","code":"%s","status":%d,"contextId":"ID","details":[],"errors":[]}`, status, message, code, status)
}

// replies are what is answered to requests, one after another: 1 and 2 ask for the first and the second page of ten users, t for a
// token, m for the token's own description.
type replies struct {
	asked string
	want  []string
}

// faultReplies is what each script of testdata makes of some requests.
func faultReplies() map[string]replies {
	page := func(members string) replies { return replies{"11", []string{"200 {" + members, usual}} }
	const rest = `"nextUri":"LINK2","selfUri":"LINK1","results":10,"cursor":"CURSOR2"}`
	throttled := func(seconds, header string) replies {
		want := apiError(429, "too.many.requests.retry.after", "Rate limit exceeded the maximum. Retry the request in ["+seconds+"] seconds")

		return replies{"11", []string{want + header, usual}}
	}
	forbidden := apiError(403, "missing.any.permissions", "Missing directory:user:view")
	unavailable := apiError(503, "service.unavailable", "The request failed: Service Unavailable") + " Retry-After: 7"
	unauthorised := apiError(401, "bad.credentials", "Invalid login credentials.")
	token := func(first string) replies { return replies{"tt", []string{first, "200 TOKEN"}} }

	return map[string]replies{
		"reset":        {"11", []string{"0 ", usual}},
		"reset_body":   {"11", []string{"0 ", usual}},
		"truncate":     {"11", []string{"0 ", usual}},
		"hang":         {"11", []string{"0  after 1m0s", usual}},
		"delay":        {"11", []string{usual + " after 60ms", usual}},
		"drip":         {"mm", []string{"200 ME drop by drop", "200 ME"}},
		"short_length": {"11", []string{usual + " of 100 bytes more", usual}},
		"cut_gzip":     {"11", []string{"200 gzip: unexpected EOF", usual}},

		"code_403":            {"11", []string{forbidden, forbidden}},
		"code_413":            {"11", []string{apiError(413, "response.entity.too.large", "Ask for fewer"), usual}},
		"throttled_garbage":   throttled("30", " Retry-After: soon"),
		"throttled_silent":    throttled("30", ""),
		"throttled_date":      throttled("30", " Retry-After: Sat, 01 Jan 2000 00:00:22 GMT"),
		"throttled_date_past": throttled("30", " Retry-After: Fri, 31 Dec 1999 23:59:00 GMT"),
		"throttled_seconds": {"11", []string{
			strings.TrimSuffix(throttled("22", "").want[0], "}") +
				`,"limit":{"key":"user.rate.per.minute","namespace":"directory","value":180}} Retry-After: 22`, usual,
		}},
		"status_503": {"1111111", []string{usual, unavailable, usual, unavailable, usual, usual, usual}},
		"several":    {"111", []string{apiError(500, "internal.server.error", "The request failed: Internal Server Error"), "0 ", usual}},
		"html":       {"11", []string{"200 <!DOCTYPE html><title>Sign in</title> Content-Type: text/html; charset=utf-8", usual}},
		"redirect":   {"11", []string{"307  Location: https://api.mypurecloud.example/api/v2/users/query", usual}},
		"raw_body":   page(`"entities":[`),
		"headers":    {"11", []string{usual + " inin-ratelimit-allowed: 300", usual}},
		"not_the_api": {"11111111", []string{
			"403 <!DOCTYPE html><title>Forbidden</title> Content-Type: text/html", "200 {}", "200 null", "200 ", "200 \ufeff{\"entities\":[]}",
			"202 {}", "204 ", usual,
		}},

		"null_entities":    page(`"entities":null,` + rest),
		"entities_object":  page(`"entities":{},` + rest),
		"no_entities":      page(rest),
		"entity":           page(`"entities":[TEN,{"id":"a","id":"b"}],` + strings.Replace(rest, "10", "11", 1)),
		"entity_base64":    page(`"entities":[TEN,{"id":"` + "\xff\n" + `"}],` + strings.Replace(rest, "10", "11", 1)),
		"entity_surrogate": page(`"entities":[TEN,{"id":"a","name":"\ud83d"}],` + strings.Replace(rest, "10", "11", 1)),
		"repeat_page":      {"122", []string{usual, usual, second}},
		"empty_page":       {"12", []string{usual, `200 {"entities":[],"nextUri":"NEW","selfUri":"LINK2","results":0,"cursor":"NEW"}`}},

		"drop_next":               page(`"entities":[TEN],"selfUri":"LINK1","results":10}`),
		"next_page_uri_only":      page(`"entities":[TEN],"selfUri":"LINK1","results":10,"nextPageUri":"LINK2"}`),
		"cursor_only":             page(`"entities":[TEN],"selfUri":"LINK1","results":10,"cursor":"CURSOR2"}`),
		"links_disagree":          page(`"entities":[TEN],` + strings.TrimSuffix(rest, "}") + `,"nextPageUri":"LINK1"}`),
		"link_to_another_host":    page(`"entities":[TEN],` + strings.Replace(rest, "LINK2", "https://api.mypurecloud.exampleLINK2", 1)),
		"link_with_cursor_alone":  page(`"entities":[TEN],` + strings.Replace(rest, "LINK2", "/api/v2/users/query?cursor=CURSOR2", 1)),
		"link_with_another_state": page(`"entities":[TEN],` + strings.Replace(rest, "LINK2", "LINK2&state=deleted", 1)),
		"link_to_itself":          {"122", []string{usual, `200 {"entities":[NEXT TEN],"nextUri":"LINK2","selfUri":"LINK2","results":10}`, second}},

		"revoke_token": {"11t1", []string{unauthorised, unauthorised, "200 TOKEN", usual}},
		"token_throttled": token(`400 {"error":"invalid_request",` +
			`"description":"rate limit exceeded; try again later","error_description":"rate limit exceeded; try again later"}`),
		"token_body":   token(`200 {"access_token":"t","token_type":"bearer","expires_in":"3600"}`),
		"token_status": token(`502 {"error":"server_error","description":"","error_description":""}`),
	}
}

// observer writes replies so that they can be compared: with a name for what differs between simulators.
type observer struct {
	*sim

	token string
	link2 string
	named *strings.Replacer
}

func newObserver(t *testing.T, s *sim) *observer {
	t.Helper()
	plain := start(t, genesyssim.Config{Users: 100})
	token := plain.token()
	ten := func(page string) string {
		return strings.ReplaceAll(strings.TrimSuffix(lines(t, page), "\n"), "\n", ",")
	}
	one := plain.ask(token, usersQuery).body
	link2, cursor2 := member[string](t, one, "nextUri"), member[string](t, one, "cursor")
	two := plain.ask(token, "GET "+link2).body

	return &observer{s, s.token(), link2, strings.NewReplacer(
		ten(one), "TEN", ten(two), "NEXT TEN", member[string](t, two, "nextUri"), "LINK3", link2, "LINK2",
		member[string](t, one, "selfUri"), "LINK1", cursor2, "CURSOR2", member[string](t, two, "cursor"), "CURSOR3",
		plain.ask(token, tokensMe).body, "ME",
	)}
}

// observe sends one of the requests that faultReplies names.
func (o *observer) observe(asked rune) string {
	began, what := time.Now(), map[rune]string{'1': usersQuery, '2': "GET " + o.link2, 'm': tokensMe}[asked]
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	defer cancel()
	var got answer
	if asked == 't' {
		got = o.requestToken(clientSecret)
	} else {
		got = o.send(ctx, what, "Authorization: Bearer "+o.token)
	}
	id := `"contextId":"` + got.header.Get("ININ-Correlation-Id")
	seen := strings.ReplaceAll(fmt.Sprintf("%d %s", got.status, o.named.Replace(got.body)), id, `"contextId":"ID`)
	if fresh := regexp.MustCompile(`{"access_token":"(\w{52})","token_type":"bearer","expires_in":86400}`).FindStringSubmatch(seen); fresh != nil {
		o.token, seen = fresh[1], "200 TOKEN"
	}
	seen = regexp.MustCompile(`"(/api/v2/users/query\?cursor=)?[\w-]{50,}(&pageSize=10)?"`).ReplaceAllString(seen, `"NEW"`)
	if got.header.Get("Content-Encoding") == "gzip" {
		unpacked, _ := gzip.NewReader(strings.NewReader(got.body))
		_, err := io.ReadAll(unpacked)
		seen = fmt.Sprint("200 gzip: ", err)
	}
	parts := []string{seen}
	for _, name := range []string{"Retry-After", "Location", "inin-ratelimit-allowed", "Content-Type"} {
		if value := got.header.Get(name); value != "" && value != "application/json" {
			parts = append(parts, name+": "+value)
		}
	}
	if length, err := strconv.Atoi(got.header.Get("Content-Length")); err == nil && length != len(got.body) {
		parts = append(parts, fmt.Sprintf("of %d bytes more", length-len(got.body)))
	}
	switch took := time.Since(began); took {
	case 0:
	case time.Duration(len(got.body)) * time.Millisecond:
		parts = append(parts, "drop by drop")
	default:
		parts = append(parts, "after "+took.String())
	}

	return strings.Join(parts, " ")
}

func TestEveryFaultHappensAsScripted(t *testing.T) {
	t.Parallel()
	shown := map[genesyssim.Action]bool{}
	files, err := os.ReadDir(filepath.Join("testdata", "faults"))
	if rows := faultReplies(); err != nil || len(files) != len(rows) {
		t.Errorf("%d scripts, error %v, and %d rows: want a row for each", len(files), err, len(rows))
	}
	for name, test := range faultReplies() {
		faults := loadFaults(t, name+".jsonl")
		for _, fault := range faults {
			shown[fault.Action] = true
			if fault.Note == "" {
				t.Errorf("%s has a fault without a note", name)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			o := newObserver(t, start(t, genesyssim.Config{Users: 100}))
			err := o.SetFaults(faults)
			var got []string
			for _, asked := range test.asked {
				got = append(got, o.observe(asked))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || o.Stats().FaultsHit == 0 || err != nil {
				t.Errorf("%s: %d faults hit, error %v; replies (-want +got):\n%s", name, o.Stats().FaultsHit, err, diff)
			}
		})
	}
	for _, action := range genesyssim.Actions() {
		if !shown[action] {
			t.Errorf("no example shows %s", action)
		}
	}
}

func TestFaultsBendWhatOtherPathsAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100})
	token := s.token()
	s.ask("", `POST /_sim/faults {"path":"/api/v2/users","drop":["entities"],"set":{"nextUri":"https://elsewhere.example{next}"}}
		{"path":"`+callJobs+`/{id}","set":{"state":"BORED"}}
		{"path":"`+callJobs+`/availability","drop":["dataAvailabilityDate"]}`)
	got := []string{
		member[string](t, s.ask(token, "GET /api/v2/users?pageSize=10").body, "nextUri"), s.ask(token, "GET "+callJobs+"/availability").body,
		member[string](t, s.ask(token, "GET "+s.submit(token, callJobs, december("29T00:00:00Z", "30T00:00:00Z"))).body, "state"),
	}
	if diff := cmp.Diff([]string{"https://elsewhere.example/api/v2/users?pageNumber=2&pageSize=10", "{}", "BORED"}, got); diff != "" {
		t.Errorf("a page by number, an availability and a job (-want +got):\n%s", diff)
	}
}

func TestEmptyPagesLeadOnByNewLinksAndLoseNobody(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100, Faults: loadFaults(t, "empty_page.jsonl")})
	pages := s.pages(s.token(), "GET /api/v2/users/query?pageSize=30")
	var sizes []int
	links := map[string]bool{}
	for _, page := range pages {
		sizes, links[member[string](t, page, "nextUri")] = append(sizes, strings.Count(lines(t, page), "\n")), true
	}
	if diff := cmp.Diff([]int{30, 0, 0, 0, 30, 25}, sizes) + cmp.Diff(s.ownList("users"), lines(t, pages...)); diff != "" || len(links) != len(sizes) {
		t.Errorf("%d links of %d pages; sizes and users (-want +got):\n%s", len(links), len(sizes), diff)
	}
}
