package s3sim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

func TestEveryChecksumIsVerifiedKeptAndShown(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Folder: t.TempDir()})
	// The check values of "123456789" that the algorithms' definitions give.
	for algorithm, want := range map[types.ChecksumAlgorithm]string{
		types.ChecksumAlgorithmCrc32:     "y/Q5Jg==",
		types.ChecksumAlgorithmCrc32c:    "4waSgw==",
		types.ChecksumAlgorithmCrc64nvme: "rosUhgp5mIg=",
		types.ChecksumAlgorithmSha256:    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
	} {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			in := putInput(string(algorithm), "123456789")
			in.ChecksumAlgorithm = algorithm
			out, err := client.PutObject(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.GetObject(t.Context(), &s3.GetObjectInput{
				Bucket: in.Bucket, Key: in.Key, ChecksumMode: types.ChecksumModeEnabled,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			if _, err := io.ReadAll(got.Body); err != nil {
				t.Errorf("the SDK does not accept the checksum: %v", err)
			}
			for _, sums := range [][]*string{
				{out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA256},
				{got.ChecksumCRC32, got.ChecksumCRC32C, got.ChecksumCRC64NVME, got.ChecksumSHA256},
			} {
				given := slices.DeleteFunc(aws.ToStringSlice(sums), func(sum string) bool { return sum == "" })
				if diff := cmp.Diff([]string{want}, given); diff != "" {
					t.Errorf("checksums (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestABodyThatDoesNotFitItsDigestsIsNotStored(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Folder: t.TempDir()})
	put(t, client, "k", "before")

	for name, change := range map[string]func(*s3.PutObjectInput){
		"crc32":                      func(in *s3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") },
		"crc32c":                     func(in *s3.PutObjectInput) { in.ChecksumCRC32C = aws.String("AAAAAA==") },
		"crc64nvme":                  func(in *s3.PutObjectInput) { in.ChecksumCRC64NVME = aws.String("AAAAAAAAAAA=") },
		"sha256":                     func(in *s3.PutObjectInput) { in.ChecksumSHA256 = aws.String(strings.Repeat("A", 43) + "=") },
		"a digest of another length": func(in *s3.PutObjectInput) { in.ChecksumSHA256 = aws.String("AAAA") },
		"Content-MD5":                func(in *s3.PutObjectInput) { in.ContentMD5 = aws.String("AAAAAAAAAAAAAAAAAAAAAA==") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := putInput("k", "after")
			change(in)
			_, err := client.PutObject(t.Context(), in)
			wantCode(t, err, "BadDigest")
			if got := get(t, client, "k"); got != "before" {
				t.Errorf("got %s, want what was there before", got)
			}
		})
	}
}

// stream is a body that cannot be read twice, so that the SDK sends its checksum behind it.
type stream struct{ io.Reader }

func TestTheSDKsTrailingChecksumIsTakenAndVerified(t *testing.T) {
	t.Parallel()
	var encoding atomic.Value // of the last PUT
	endpoint := open(t, s3sim.Config{Folder: t.TempDir()})
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			encoding.Store(r.Header.Get("X-Amz-Content-Sha256"))
		}
		endpoint.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	client := newClient(server.URL, server.Client())

	body := strings.Repeat("0123456789", 50_000)
	in := putInput("k", "")
	in.Body, in.ContentLength = stream{strings.NewReader(body)}, aws.Int64(int64(len(body)))
	in.ContentEncoding = aws.String("gzip")
	out, err := client.PutObject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if encoding.Load() != "STREAMING-UNSIGNED-PAYLOAD-TRAILER" || out.ChecksumCRC32 == nil {
		t.Errorf("the SDK sent %s and got %v: this test tests nothing", encoding.Load(), out.ChecksumCRC32)
	}
	if got := get(t, client, "k"); got != body {
		t.Errorf("got %d bytes, want the %d that were sent", len(got), len(body))
	}
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil || *head.ContentEncoding != "gzip" {
		t.Errorf("got %v, %v, want the encoding without the transport's", head, err)
	}
}

// chunkedPut sends a body in aws-chunked encoding as it is, and returns status and reply.
func chunkedPut(handler http.Handler, body string, headers map[string]string) (int, string) {
	request := httptest.NewRequest(http.MethodPut, "/"+bucket+"/k", strings.NewReader(body))
	request.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)

	return recorder.Code, recorder.Body.String()
}

func TestBodiesInChunks(t *testing.T) {
	t.Parallel()
	plain := map[string]string{"X-Amz-Decoded-Content-Length": "9"}
	trailing := map[string]string{"X-Amz-Decoded-Content-Length": "9", "X-Amz-Trailer": "x-amz-checksum-crc32"}
	unknown := map[string]string{"X-Amz-Decoded-Content-Length": "9", "X-Amz-Trailer": "x-amz-checksum-sha1"}

	for name, test := range map[string]struct {
		body    string
		headers map[string]string
		status  int
		code    string
	}{
		"one chunk":            {"9\r\n123456789\r\n0\r\n\r\n", plain, 200, ""},
		"signed chunks":        {"4;chunk-signature=a\r\n1234\r\n5;chunk-signature=b\r\n56789\r\n0;chunk-signature=c\r\n\r\n", plain, 200, ""},
		"a trailer":            {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", trailing, 200, ""},
		"a wrong trailer":      {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", trailing, 400, "BadDigest"},
		"an unknown trailer":   {"9\r\n123456789\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n", unknown, 501, "NotImplemented"},
		"a missing trailer":    {"9\r\n123456789\r\n0\r\n\r\n", trailing, 400, "BadDigest"},
		"without a last chunk": {"9\r\n123456789\r\n", plain, 400, "IncompleteBody"},
		"cut in the trailer":   {"9\r\n123456789\r\n0\r\nx-amz-check", trailing, 400, "IncompleteBody"},
		"shorter than it says": {"8\r\n12345678\r\n0\r\n\r\n", plain, 400, "IncompleteBody"},
		"no declared length":   {"9\r\n123456789\r\n0\r\n\r\n", nil, 411, "MissingContentLength"},
		"an endless line":      {strings.Repeat("0", 1<<16), plain, 400, "IncompleteBody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := open(t, s3sim.Config{Memory: true})
			status, reply := chunkedPut(endpoint, test.body, test.headers)
			if status != test.status || !strings.Contains(reply, test.code) {
				t.Errorf("got %d and %s, want %d and %s", status, reply, test.status, test.code)
			}
			got := stored(endpoint)
			if want := status == http.StatusOK; (got == "123456789") != want || !want && got != "" {
				t.Errorf("stored is %q after status %d", got, status)
			}
		})
	}
}

// stored returns what lies under the key of chunkedPut, "" for nothing.
func stored(handler http.Handler) string {
	request := httptest.NewRequest(http.MethodGet, "/"+bucket+"/k", nil)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		return ""
	}

	return recorder.Body.String()
}

func FuzzABodyInChunksIsStoredWholeOrRefused(f *testing.F) {
	f.Add("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", 9)
	f.Add("9\r\n12345", 9)
	f.Add("0\r\n\r\n", 0)
	f.Add("4;chunk-signature=a\r\n1234\r\n0;x\r\n\r\n", 4)
	f.Fuzz(func(t *testing.T, body string, length int) {
		endpoint := open(t, s3sim.Config{Memory: true})
		status, reply := chunkedPut(endpoint, body,
			map[string]string{"X-Amz-Decoded-Content-Length": strconv.Itoa(length)})
		if status >= http.StatusInternalServerError {
			t.Errorf("got %d and %s for a client's mistake", status, reply)
		}
		if got := stored(endpoint); status == http.StatusOK && len(got) != length || status != http.StatusOK && got != "" {
			t.Errorf("stored is %q after status %d", got, status)
		}
	})
}

func TestABodyThatIsCutStoresNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		endpoint := open(t, config)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/"+bucket+"/k", strings.NewReader("12345"))
		request.ContentLength = 9
		recorder := httptest.NewRecorder()
		endpoint.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusBadRequest || !strings.Contains(recorder.Body.String(), "IncompleteBody") {
			t.Errorf("got %d and %s, want IncompleteBody", recorder.Code, recorder.Body)
		}
		if got := stored(endpoint); got != "" {
			t.Errorf("got %q, want nothing stored", got)
		}
	})
}
