package s3sim_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// files returns what lies below a folder.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(root, name)
		if err == nil && relative != "." {
			names = append(names, filepath.ToSlash(relative))
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return names
}

func ifMatch(etag string) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.IfMatch = &etag }
}

func create(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

func TestObjectsArePlainFilesAndNothingElseLiesThere(t *testing.T) {
	t.Parallel()
	const part, checkpoint = "exports/users/export_id=abc/part-000001-x.jsonl.gz", "exports/_state/users/abc/checkpoint.json"
	root := t.TempDir()
	draft := filepath.Join(root, ".s3sim-draft") // of a process that was killed
	if err := os.WriteFile(draft, []byte("half of a longer object"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, open(t, s3sim.Config{Folder: root}))
	s.put(part, "lines")
	tag := s.put(checkpoint, "{}")
	for key, refused := range map[string]string{part: "PreconditionFailed", part + "/below": "InvalidArgument"} {
		if _, got := s.tryPut(key, "other", create); got != refused {
			t.Errorf("%s: got %q, want %s", key, got, refused)
		}
	}

	restarted := serve(t, open(t, s3sim.Config{Folder: root}))
	restarted.want(checkpoint, "{}")
	if _, refused := restarted.tryPut(checkpoint, "{} ", ifMatch(tag)); refused != "" {
		t.Errorf("the tag of before the restart: %s", refused)
	}
	for range 2 {
		restarted.remove(checkpoint)
	}

	content, err := os.ReadFile(filepath.Join(root, bucket, filepath.FromSlash(part)))
	if err != nil || string(content) != "lines" {
		t.Errorf("got %q, %v, want the object's content", content, err)
	}
	want := []string{bucket, bucket + "/exports", bucket + "/exports/users", bucket + "/exports/users/export_id=abc", bucket + "/" + part}
	if diff := cmp.Diff(want, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAFileWrittenByHandIsAnObject(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := serve(t, open(t, s3sim.Config{Folder: root}))
	etag := s.put("k", "before")

	if err := os.WriteFile(filepath.Join(root, bucket, "k"), []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.want("k", "edited")
	if _, refused := s.tryPut("k", "after", ifMatch(etag)); refused != "PreconditionFailed" {
		t.Errorf("over the edited file: got %q, want PreconditionFailed", refused)
	}

	if err := os.Remove(filepath.Join(root, bucket, "k")); err != nil {
		t.Fatal(err)
	}
	s.want("k", "NoSuchKey")
	if lines := s.list(s3.ListObjectsV2Input{}); lines != nil {
		t.Errorf("got %v, want nothing", lines)
	}
	if _, refused := s.tryPut("k", "new", create); refused != "" {
		t.Errorf("where the file was: %s", refused)
	}
}

func TestKeysAreKeptAsTheyAreOrRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := serve(t, open(t, s3sim.Config{Folder: filepath.Join(root, "inside")}))
	kept := []string{"+ %2F&<>\"'", ".hidden", "_state/x", "a b", "a/file", "ümläut", "日本/語"}
	for _, key := range kept {
		s.put(key, key)
		s.want(key, key)
	}

	long := strings.Repeat("x", 256)
	for _, key := range []string{
		"../outside", "a/../../outside", "a//b", "folder/", "a\\b", "a\x01b", "a/" + long, long + "/a",
		strings.Repeat("x/", 512) + "x", "a", "a/file/below",
	} {
		if _, got := s.tryPut(key, "v", nil); got != "InvalidArgument" {
			t.Errorf("%.20q: got %q, want InvalidArgument", key, got)
		}
	}
	if found := files(t, root); slices.Contains(found, "outside") || slices.Contains(found, "inside/outside") {
		t.Errorf("got %v: a key led out of its bucket", found)
	}
	s.want("a/file", "a/file")
	s.want("a/"+long, "NoSuchKey")
	if diff := cmp.Diff(kept, s.list(s3.ListObjectsV2Input{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestAFullDiskIsReportedByNameAndRefusesWritesAlone(t *testing.T) {
	t.Parallel()
	var reported []error
	config := s3sim.Config{Folder: t.TempDir(), OnFull: func(err error) { reported = append(reported, err) }}
	endpoint := open(t, config)
	s := serve(t, endpoint)
	s.put("before", "there")

	endpoint.Fill(true)
	for _, content := range []string{"something", ""} {
		if _, refused := s.tryPut("more", content, nil); refused != "DiskFull" {
			t.Errorf("got %q, want DiskFull", refused)
		}
	}
	s.want("before", "there")
	if len(reported) != 2 || !strings.Contains(reported[0].Error(), "the disk is full below "+config.Folder) {
		t.Errorf("got %v, want two writes that found the disk full", reported)
	}

	endpoint.Fill(false)
	s.put("more", "something")
}
