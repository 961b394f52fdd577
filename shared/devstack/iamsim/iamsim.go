// Package iamsim is IAM in front of the local AWS: it lets a request through where the role of its access key may do what the request
// asks for; else it refuses in AWS's words.
//
// Rules: statements are evaluated as identity policies, and there are no others. An element, condition operator or policy variable that
// the template's roles do not have is an error when the policy is read; global condition keys have no values. Signatures are not
// checked; a key that no role has is the developer's, who may do everything. A request that the functions do not send counts as the
// widest that it could be. With a customer key, what AWS asks of KMS on a caller's behalf has to be allowed too, of S3 as for a bucket
// without a bucket key.
//
// Sources: the IAM User Guide, the Service Authorization Reference, and each service's guide on its use of KMS.
package iamsim

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"genesys-cloud-export/shared/devstack/awsjson"
	"genesys-cloud-export/shared/devstack/s3sim"
)

// Config says who is who, and what is protected by what.
type Config struct {
	Roles  map[string]Role // by access key id
	KeyARN string          // the customer's KMS key of parameters, secrets and buckets; "": AWS's own, which ask for no permission
}

// Guard is IAM: it decides, and keeps a record. It may be used by any number of goroutines.
type Guard struct {
	config Config

	mu   sync.Mutex
	uses map[Use]bool
}

// Use is one line of the record.
type Use struct {
	Role, Action, Resource string
	Allowed                bool
	Statement              string // as [Decision] has it
}

// New returns a guard whose record is empty.
func New(config Config) *Guard { return &Guard{config: config, uses: make(map[Use]bool)} }

// decide decides and records.
func (g *Guard) decide(role Role, access Access) Decision {
	decision := role.Decide(access)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uses[Use{role.Name, access.Action, access.Resource, decision.Allowed, decision.Statement}] = true

	return decision
}

// Uses is the record: each use that was made of a permission or was refused, once, sorted.
func (g *Guard) Uses() []Use {
	g.mu.Lock()
	defer g.mu.Unlock()

	return slices.SortedFunc(maps.Keys(g.uses), func(a, b Use) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// Parameters is Parameter Store for those who may use it.
func (g *Guard) Parameters(next http.Handler) http.Handler {
	return g.front(next, g.parameterAccess, refuseJSON(http.StatusBadRequest))
}

// Secrets is Secrets Manager for those who may use it.
func (g *Guard) Secrets(next http.Handler) http.Handler {
	return g.front(next, g.secretAccess, refuseJSON(http.StatusBadRequest))
}

// Objects is S3 for whoever may use it. A read may tell a missing key from a forbidden one where the whole bucket may be listed:
// a right that is bound to a prefix does not count.
func (g *Guard) Objects(next http.Handler) http.Handler {
	hiding := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bucket, _ := s3sim.Location(r)
		list := Access{Action: "s3:ListBucket", Resource: objectARN(bucket, "")}
		if role, known := g.caller(r); known && !role.Decide(list).Allowed {
			r = s3sim.WithoutList(r)
		}
		next.ServeHTTP(w, r)
	})

	return g.front(hiding, g.objectAccess, s3sim.Deny)
}

// Functions is Lambda for whoever may use it.
func (g *Guard) Functions(next http.Handler) http.Handler {
	return g.front(next, functionAccess, refuseJSON(http.StatusForbidden))
}

// refusal answers a request that is not allowed.
type refusal func(w http.ResponseWriter, r *http.Request, message string)

// refuseJSON answers with that status as Parameter Store, Secrets Manager and Lambda do.
func refuseJSON(status int) refusal {
	return func(w http.ResponseWriter, _ *http.Request, message string) {
		awsjson.Refuse(w, status, "AccessDeniedException", message)
	}
}

// front lets a request through where everything that it asks for is allowed.
func (g *Guard) front(next http.Handler, asked func(*http.Request) []Access, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role, known := g.caller(r)
		if !known {
			next.ServeHTTP(w, r)

			return
		}
		for _, access := range asked(r) {
			if decision := g.decide(role, access); !decision.Allowed {
				refuse(w, r, denial(role, access, decision))

				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// credential is the access key id of a signature of version 4.
var credential = regexp.MustCompile(`^AWS4-HMAC-SHA256 .*\bCredential=([A-Za-z0-9_-]+)/[0-9]{8}/`)

// caller finds who sends a request; known is false for the developer.
func (g *Guard) caller(r *http.Request) (role Role, known bool) {
	if found := credential.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		role, known = g.config.Roles[found[1]]
	}

	return role, known
}

// denial says what is not allowed in AWS's words.
func denial(role Role, access Access, decision Decision) string {
	because := "because no identity-based policy allows the " + access.Action + " action"
	if decision.Statement != "" {
		because = "with an explicit deny in an identity-based policy"
	}

	return "User: " + role.User + " is not authorized to perform: " + access.Action + " on resource: " + access.Resource + " " + because
}
