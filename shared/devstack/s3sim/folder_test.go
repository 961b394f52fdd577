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

// files returns the files below a folder that are not the endpoint's own.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.Name() == ".s3sim" {
			return filepath.SkipDir
		}
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

func TestObjectsArePlainFilesAndNothingElseLiesThere(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client, _ := serve(t, s3sim.Config{Folder: root})
	const part = "exports/users/export_id=abc/part-000001-x.jsonl.gz"
	put(t, client, part, "lines")
	put(t, client, "exports/_state/users/abc/checkpoint.json", "{}")

	content, err := os.ReadFile(filepath.Join(root, bucket, filepath.FromSlash(part)))
	if err != nil || string(content) != "lines" {
		t.Errorf("got %q, %v, want the object's content", content, err)
	}
	_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("exports/_state/users/abc/checkpoint.json"),
	})
	wantCode(t, err, "")
	want := []string{
		bucket, bucket + "/exports", bucket + "/exports/users", bucket + "/exports/users/export_id=abc",
		bucket + "/" + part,
	}
	if diff := cmp.Diff(want, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestEverythingIsTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, _ := serve(t, s3sim.Config{Folder: root})
	in := putInput("a/k", "v")
	in.Metadata, in.ContentType = map[string]string{"m": "1"}, aws.String("text/x")
	if _, err := first.PutObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	before, err := first.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil {
		t.Fatal(err)
	}

	second, _ := serve(t, s3sim.Config{Folder: root})
	after, err := second.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil {
		t.Fatal(err)
	}
	for _, head := range []*s3.HeadObjectOutput{before, after} {
		if diff := cmp.Diff(map[string]string{"m": "1"}, head.Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
	}
	want := []any{*before.ETag, *before.LastModified, *before.ContentType}
	if diff := cmp.Diff(want, []any{*after.ETag, *after.LastModified, *after.ContentType}); diff != "" {
		t.Errorf("object (-before +after):\n%s", diff)
	}

	in = putInput("a/k", "w")
	in.IfMatch = before.ETag
	_, err = second.PutObject(t.Context(), in)
	wantCode(t, err, "")
}

func TestAFileWrittenByHandIsAnObject(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client, _ := serve(t, s3sim.Config{Folder: root})
	etag := put(t, client, "k", "before")

	if err := os.WriteFile(filepath.Join(root, bucket, "k"), []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := get(t, client, "k"); got != "edited" {
		t.Errorf("got %s, want edited", got)
	}
	in := putInput("k", "after")
	in.IfMatch = &etag
	_, err := client.PutObject(t.Context(), in)
	wantCode(t, err, "PreconditionFailed")

	if err := os.Remove(filepath.Join(root, bucket, "k")); err != nil {
		t.Fatal(err)
	}
	if got := get(t, client, "k"); got != "NoSuchKey" {
		t.Errorf("got %s, want NoSuchKey", got)
	}
	if lines := list(t, client, &s3.ListObjectsV2Input{}); lines != nil {
		t.Errorf("got %v, want nothing", lines)
	}
	in = putInput("k", "new")
	in.IfNoneMatch = aws.String("*")
	_, err = client.PutObject(t.Context(), in)
	wantCode(t, err, "")
}

func TestWhatAKilledProcessLeftIsNeverSeen(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, func() *s3.Client { client, _ := serve(t, s3sim.Config{Folder: root}); return client }(), "k", "v")
	draft := filepath.Join(root, ".s3sim", "drafts", "HALF")
	if err := os.WriteFile(draft, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}

	client, _ := serve(t, s3sim.Config{Folder: root})
	if _, err := os.Stat(draft); err == nil {
		t.Error("the draft is still there")
	}
	if diff := cmp.Diff([]string{"k"}, list(t, client, &s3.ListObjectsV2Input{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestDraftsOfRefusedPutsAreRemoved(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client, _ := serve(t, s3sim.Config{Folder: root})
	put(t, client, "k", "v")
	for range 3 {
		in := putInput("k", "w")
		in.IfNoneMatch = aws.String("*")
		_, err := client.PutObject(t.Context(), in)
		wantCode(t, err, "PreconditionFailed")
	}
	drafts, err := os.ReadDir(filepath.Join(root, ".s3sim", "drafts"))
	if err != nil || len(drafts) != 0 {
		t.Errorf("got %v, %v, want no draft", drafts, err)
	}
}

func TestKeysThatAreNoPathAreRefusedByName(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client, _ := serve(t, s3sim.Config{Folder: filepath.Join(root, "inside")})
	put(t, client, "a/file", "v")

	for _, key := range []string{
		"../outside", "a/../../outside", "a//b", "folder/", "a\\b", "a\x01b", "a/" + strings.Repeat("x", 256),
		"a", "a/file/below",
	} {
		_, err := client.PutObject(t.Context(), putInput(key, "v"))
		if got := code(err); got != "InvalidArgument" {
			t.Errorf("%.20q: got %q, want InvalidArgument", key, got)
		}
		if got := get(t, client, key); got != "NoSuchKey" {
			t.Errorf("%.20q: got %q, want NoSuchKey", key, got)
		}
	}
	_, err := client.PutObject(t.Context(), putInput(strings.Repeat("x", 1025), "v"))
	wantCode(t, err, "KeyTooLongError")
	if found := files(t, root); slices.Contains(found, "outside") || slices.Contains(found, "inside/outside") {
		t.Errorf("got %v: a key led out of its bucket", found)
	}
	if got := get(t, client, "a/file"); got != "v" {
		t.Errorf("got %s, want v", got)
	}
}

func TestUnusualKeysAreKeptAsTheyAre(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		keys := []string{"+ %2F&<>\"'", ".hidden", "_state/x", "a b", "ümläut", "日本/語"}
		slices.Sort(keys)
		for _, key := range keys {
			put(t, client, key, key)
			if got := get(t, client, key); got != key {
				t.Errorf("got %q under %q", got, key)
			}
		}
		if diff := cmp.Diff(keys, list(t, client, &s3.ListObjectsV2Input{})); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
	})
}
