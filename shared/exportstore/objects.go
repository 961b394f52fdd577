// Package exportstore keeps exports in S3: parts where Athena, DuckDB and people look for data, and the documents about
// them below _state, which those readers skip.
//
//	{prefix}/{listing}/export_id={id}/part-NNNNNN-….jsonl.gz
//	{prefix}/_state/{listing}/{id}/checkpoint.json
//	{prefix}/_state/{listing}/{id}/manifest.json
//	{prefix}/_state/{listing}/latest.json
//
// Documents are written by compare-and-swap on ETags alone; parts under names that nobody else uses.
package exportstore

import (
	"context"
	"io"
	"net/http"
	"strings"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// maxDocument bounds a document, in bytes: what is longer could not be read back.
	maxDocument = awsapi.MaxReply
	// maxPages bounds a list. S3 puts 1,000 objects on a page; a checkpoint names a tenth of what that makes.
	maxPages = 1000
)

// Store is the part of a bucket below a prefix. It implements [export.Documents], whose tags are ETags, and [export.Parts].
type Store struct {
	client *s3.Client
	bucket string
	prefix string
}

// New returns the store of the exports below prefix in a bucket.
func New(client *s3.Client, bucket, prefix string) *Store {
	return &Store{client: client, bucket: bucket, prefix: prefix}
}

func (s *Store) uri(key string) string { return "s3://" + s.bucket + "/" + key }

func (s *Store) failed(err error, key string) error {
	return failure.Because(err, failure.StorageUnavailable, "%s: %s", s.uri(key), awsapi.Describe(err))
}

func (s *Store) unusable(key, why string) error {
	return failure.New(failure.StorageUnavailable, "%s: %s", s.uri(key), why)
}

// list returns the objects whose keys begin with that, by what stands behind it in their keys, or [export.ErrListDenied].
func (s *Store) list(ctx context.Context, folder string) ([]export.StoredPart, error) {
	var found []export.StoredPart

	seen := make(map[string]bool)
	input := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &folder}

	for {
		page, err := s.client.ListObjectsV2(ctx, input)
		if awsapi.Denied(err) {
			return nil, export.ErrListDenied
		}

		if err != nil {
			return nil, s.failed(err, folder)
		}

		// The SDK reads a list out of any XML, a web page too. Every store says in a list whether it goes on.
		if page.IsTruncated == nil {
			return nil, s.unusable(folder, "the answer was no list: check what is in between, and AWS_ENDPOINT_URL")
		}

		for _, listed := range page.Contents {
			found = append(found, export.StoredPart{Name: strings.TrimPrefix(aws.ToString(listed.Key), folder), Bytes: aws.ToInt64(listed.Size)})
		}

		if !*page.IsTruncated {
			return found, nil
		}

		next := aws.ToString(page.NextContinuationToken)
		if next == "" || seen[next] || len(seen) == maxPages {
			return nil, s.unusable(folder, "the list repeats a continuation token, has none, or never ends: check the store")
		}

		seen[next], input.ContinuationToken = true, &next
	}
}

// get reads a document, or returns [export.ErrAbsent].
func (s *Store) get(ctx context.Context, key string) (body []byte, tag string, err error) {
	reply, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if missing(err) {
		return nil, "", export.ErrAbsent
	}

	if err != nil {
		return nil, "", s.failed(err, key)
	}
	defer reply.Body.Close()

	if awsapi.WebPage(aws.ToString(reply.ContentType)) {
		return nil, "", s.unusable(key, "the answer was a web page: check what is in between, and AWS_ENDPOINT_URL")
	}

	if tag, err = s.tag(reply.ETag, key); err != nil {
		return nil, "", err
	}

	// The functions' client has read the reply already, in bounded memory.
	if body, err = io.ReadAll(reply.Body); err != nil {
		return nil, "", s.failed(err, key)
	}

	return body, tag, nil
}

// tag is the ETag of a reply. Without a strong one nothing can be written on condition: a client would send an empty
// If-Match, or one that is never met, and the export would seem to be busy for ever.
func (s *Store) tag(etag *string, key string) (string, error) {
	tag := aws.ToString(etag)
	if strings.Trim(tag, `"`) == "" || strings.HasPrefix(tag, "W/") {
		return "", s.unusable(key, "the store gives no ETag, or a weak one: use one with strong ETags, and nothing in between that changes them")
	}

	return tag, nil
}

// missing reports whether the service says that there is no such object.
func missing(err error) bool {
	return awsapi.Status(err) == http.StatusNotFound && awsapi.Code(err) != "NoSuchBucket" && !awsapi.Foreign(err)
}
