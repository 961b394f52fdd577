package exportstore_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// altered has the replies to some requests of an operation changed on their way.
func altered(operation string, some func(count int) bool, change func(reply *httptest.ResponseRecorder)) spoiler {
	return func(w http.ResponseWriter, r *http.Request, asked string, count int, next http.Handler) {
		if asked != operation || !some(count) {
			next.ServeHTTP(w, r)
			return
		}

		reply := httptest.NewRecorder()
		next.ServeHTTP(reply, r)
		change(reply)
		maps.Copy(w.Header(), reply.Header())
		w.WriteHeader(reply.Code)
		_, _ = w.Write(reply.Body.Bytes())
	}
}

func always(int) bool { return true }

func first(count int) bool { return count == 1 }

func tagged(tag string) func(*httptest.ResponseRecorder) {
	return func(reply *httptest.ResponseRecorder) {
		reply.Header().Del("Etag")
		if tag != "" {
			reply.Header().Set("Etag", tag)
		}
	}
}

// page is something in between that answers for the store.
func page(status int, text string) func(*httptest.ResponseRecorder) {
	return func(reply *httptest.ResponseRecorder) {
		reply.Code = status
		reply.Header().Set("Content-Type", "text/html")
		reply.Header().Del("Content-Length")
		reply.Body.Reset()
		reply.Body.WriteString(text)
	}
}

func TestAStoreWithoutStrongETagsIsUnavailableAndNeverBusy(t *testing.T) {
	t.Parallel()

	const want = "the store gives no ETag, or a weak one"

	for name, tag := range map[string]string{"none": "", "an empty one": `""`, "a weak one": `W/"1"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
				b.spoiled(altered("PutObject", always, tagged(tag)))

				_, err := b.Create(t.Context(), checkpoint, []byte("first"))
				awstest.WantFailure(t, err, failure.StorageUnavailable, want)

				_, err = b.Replace(t.Context(), "users/e1/other.json", `"1"`, []byte("first"))
				if !errors.Is(err, export.ErrAbsent) {
					t.Errorf("replacing what is not there: got %v", err)
				}

				b.spoiled(altered("GetObject", always, tagged(tag)))

				_, _, err = b.Read(t.Context(), checkpoint)
				awstest.WantFailure(t, err, failure.StorageUnavailable, want)
			})
		})
	}
}

func TestAStoreThatDoesNotKeepToItsETagsIsUnavailableAndNeverBusy(t *testing.T) {
	t.Parallel()

	reads := 0

	for name, spoil := range map[string]spoiler{
		"they change on each read": altered("GetObject", always, func(reply *httptest.ResponseRecorder) {
			reads++
			tagged(fmt.Sprintf(`"read-%d"`, reads))(reply)
		}),
		"it refuses its own": refusals("PutObject", 1000, http.StatusPreconditionFailed, "PreconditionFailed"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
				b.create(t, checkpoint, "first")
				b.spoiled(spoil)

				_, tag, err := b.Read(t.Context(), checkpoint)
				if err != nil {
					t.Fatal(err)
				}

				_, err = b.Replace(t.Context(), checkpoint, tag, []byte("second"))
				awstest.WantFailure(t, err, failure.StorageUnavailable, "the store does not keep to its own ETags")
			})
		})
	}
}

func TestAListThatRepeatsItsContinuationTokenIsNotFollowedForEver(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		tokens   []string
		requests int
	}{
		"the same one":     {[]string{"a"}, 2},
		"two in turn":      {[]string{"a", "b"}, 3},
		"none":             {[]string{""}, 1},
		"ever another one": {nil, 1001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
				b.spoiled(func(w http.ResponseWriter, _ *http.Request, _ string, count int, _ http.Handler) {
					token := strconv.Itoa(count)
					if test.tokens != nil {
						token = test.tokens[count%len(test.tokens)]
					}
					fmt.Fprintf(w, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken></ListBucketResult>", token)
				})

				_, err := b.Names(t.Context(), "users", "e1")
				awstest.WantFailure(t, err, failure.StorageUnavailable, "the list repeats a continuation token")

				if diff := cmp.Diff(map[string]int{"ListObjectsV2": test.requests}, b.requests()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWhatStandsInBetweenAndAnswersForTheStoreIsNoAbsenceAndNoDamage(t *testing.T) {
	t.Parallel()

	const closed, open = "<html><body>Please log in</body></html>", "<html><br>Please log in</html>"

	for name, change := range map[string]func(*httptest.ResponseRecorder){
		"200": page(200, closed), "200 and no XML": page(200, open), "403": page(403, closed), "403 and no XML": page(403, open),
		"404": page(404, closed), "404 and no XML": page(404, open),
		"nothing": func(reply *httptest.ResponseRecorder) {
			tagged("")(reply)
			reply.Body.Reset()
			reply.Header().Del("Content-Length")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, b *bucket, call string) {
				operation := operationOf(call)
				if operation == "DeleteObject" || operation == "PutObject" && name != "404" && name != "403" {
					return
				}

				b.spoiled(altered(operation, always, change))

				err := calls(b.stores)[call](t.Context())
				awstest.WantFailure(t, err, failure.StorageUnavailable)

				if err != nil && strings.Contains(err.Error(), "role") {
					t.Errorf("got %v, which blames the role", err)
				}
			})
		})
	}
}

func TestARefusedReadOfWhatIsKnownToExistIsAFailureAlsoWhereListingIsDenied(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{DenyList: true}, func(t *testing.T, b *bucket) {
		b.create(t, checkpoint, "first")
		b.spoiled(refusals("GetObject", 1000, http.StatusForbidden, "AccessDenied"))

		if _, _, err := b.Read(t.Context(), checkpoint); !errors.Is(err, export.ErrAbsent) {
			t.Errorf("reading: got %v, want it to count as absent", err)
		}

		_, err := b.Create(t.Context(), checkpoint, []byte("second"))
		awstest.WantFailure(t, err, failure.StorageUnavailable, "access was denied")

		_, err = b.Replace(t.Context(), checkpoint, `"1"`, []byte("second"))
		awstest.WantFailure(t, err, failure.StorageUnavailable, "access was denied")
	})
}

func TestADocumentWhoseReadIsCutIsReadAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		b.create(t, checkpoint, "first")
		b.spoiled(altered("GetObject", first, func(reply *httptest.ResponseRecorder) { reply.Body.Truncate(2) }))

		body, _, err := b.Read(t.Context(), checkpoint)
		if string(body) != "first" || err != nil {
			t.Errorf("got %q and %v", body, err)
		}
	})
}

func TestADocumentThatCouldNotBeReadBackIsNotWritten(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		b.spoiled(nil)

		for length, fits := range map[int]bool{16 << 20: true, 16<<20 + 1: false} {
			name := fmt.Sprintf("users/e1/%d.json", length)

			_, err := b.Create(t.Context(), name, make([]byte, length))
			if !fits {
				awstest.WantFailure(t, err, failure.StorageUnavailable, "it would be longer than 16777216 bytes")
				continue
			}

			if body, _, err := b.Read(t.Context(), name); err != nil || len(body) != length {
				t.Errorf("got %d bytes and %v, want %d", len(body), err, length)
			}
		}
	})
}
