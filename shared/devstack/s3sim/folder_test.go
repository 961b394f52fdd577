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

func TestAnObjectIsTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, _ := serve(t, s3sim.Config{Folder: root})
	tag := put(t, first, "a/k", "v")

	second, _ := serve(t, s3sim.Config{Folder: root})
	in := putInput("a/k", "w")
	in.IfMatch = &tag
	if got := get(t, second, "a/k"); got != "v" {
		t.Errorf("got %s, want v", got)
	}
	_, err := second.PutObject(t.Context(), in)
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

func TestNothingIsLeftOfARefusedPutOrOfAKilledProcess(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, ".s3sim-draft"), []byte("half of a longer object"), 0o600); err != nil {
		t.Fatal(err)
	}
	client, _ := serve(t, s3sim.Config{Folder: root})
	put(t, client, "k", "v")
	in := putInput("k", "w")
	in.IfNoneMatch = aws.String("*")
	_, err := client.PutObject(t.Context(), in)
	wantCode(t, err, "PreconditionFailed")
	_, err = client.PutObject(t.Context(), putInput("k/below", "w"))
	wantCode(t, err, "InvalidArgument")

	if diff := cmp.Diff([]string{bucket, bucket + "/k"}, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := get(t, client, "k"); got != "v" {
		t.Errorf("got %s, want v", got)
	}
}

func TestKeysThatAreNoPathAreRefusedByName(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client, _ := serve(t, s3sim.Config{Folder: filepath.Join(root, "inside")})
	put(t, client, "a/file", "v")

	for _, key := range []string{
		"../outside", "a/../../outside", "a//b", "folder/", "a\\b", "a\x01b", "a/" + strings.Repeat("x", 256),
		strings.Repeat("x/", 512) + "x", "a", "a/file/below",
	} {
		_, err := client.PutObject(t.Context(), putInput(key, "v"))
		if got := code(err); got != "InvalidArgument" {
			t.Errorf("%.20q: got %q, want InvalidArgument", key, got)
		}
	}
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
