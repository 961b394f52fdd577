package s3sim_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

const create = "If-None-Match: *"

func TestObjectsArePlainFilesAndNothingElseLiesThere(t *testing.T) {
	t.Parallel()
	const part, checkpoint = "exports/users/export_id=abc/part-000001-x.jsonl.gz", "exports/_state/users/abc/checkpoint.json"
	root := t.TempDir()
	draft := filepath.Join(root, ".s3sim-draft") // of a process that was killed
	if err := os.WriteFile(draft, []byte("half of a longer object"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, s3sim.Config{Folder: root})
	s.put("", part, "lines")
	tag := s.put("", checkpoint, "{}")
	s.put("PreconditionFailed", part, "other", create)
	s.put("InvalidArgument", part+"/below", "other", create)

	restarted := open(t, s3sim.Config{Folder: root})
	restarted.want(checkpoint, "{}")
	restarted.put("", checkpoint, "{} ", "If-Match: "+tag)
	for range 2 {
		if got := restarted.about(http.MethodDelete, checkpoint, ""); got.Code != http.StatusNoContent {
			t.Errorf("deleted: got status %d, want 204", got.Code)
		}
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
	s := open(t, s3sim.Config{Folder: root})
	tag := s.put("", "k", "before")
	file := filepath.Join(root, bucket, "k")

	if err := os.WriteFile(file, []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.want("k", "edited")
	s.put("PreconditionFailed", "k", "after", "If-Match: "+tag)

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s.want("k", "NoSuchKey")
	if lines := s.list("", "", 1000); lines != nil {
		t.Errorf("got %v, want nothing", lines)
	}
	s.put("", "k", "new", create)
}

func TestKeysAreKeptAsTheyAreOrRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := open(t, s3sim.Config{Folder: filepath.Join(root, "inside")})
	kept := []string{"+ %2F&<>\"'", ".hidden", "_state/x", "a b", "a/file", "ümläut", "日本/語"}
	for _, key := range kept {
		s.put("", key, key)
		s.want(key, key)
	}

	long := strings.Repeat("x", 256)
	for _, key := range []string{
		"../outside", "a/../../outside", "a//b", "folder/", "a\\b", "a\x01b", "a/" + long, long + "/a",
		strings.Repeat("x/", 512) + "x", "a", "a/file/below",
	} {
		s.put("InvalidArgument", key, "v")
	}
	if found := files(t, root); slices.Contains(found, "outside") || slices.Contains(found, "inside/outside") {
		t.Errorf("got %v: a key led out of its bucket", found)
	}
	s.want("a/file", "a/file")
	s.want("a/"+long, "NoSuchKey")
	if diff := cmp.Diff(kept, s.list("", "", 1000)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestAFullDiskIsReportedByNameAndRefusesWritesAlone(t *testing.T) {
	t.Parallel()
	var reported []error
	config := s3sim.Config{Folder: t.TempDir(), OnFull: func(err error) { reported = append(reported, err) }}
	s := open(t, config)
	s.put("", "before", "there")

	s.Fill(true)
	s.put("DiskFull", "more", "something")
	if got := s.about(http.MethodPut, "more", ""); got.Code != http.StatusInsufficientStorage {
		t.Errorf("an empty object: got status %d, want 507", got.Code)
	}
	s.want("before", "there")
	if len(reported) != 2 || !strings.Contains(reported[0].Error(), "the disk is full below "+config.Folder) {
		t.Errorf("got %v, want two writes that found the disk full", reported)
	}

	s.Fill(false)
	s.put("", "more", "something")
}
