package exportstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (s *Store) root() string { return s.prefix + "/_state/" }

// URI implements [export.Documents].
func (s *Store) URI(name string) string { return s.uri(s.root() + name) }

// Names implements [export.Documents].
func (s *Store) Names(ctx context.Context, listing, id string) ([]string, error) {
	folder := listing + "/" + id + "/"
	found, err := s.list(ctx, s.root()+folder)

	names := make([]string, 0, len(found))
	for _, document := range found {
		names = append(names, folder+document.Name)
	}

	return names, err
}

// Read implements [export.Documents]. Whether a document exists whose read is denied is learnt by listing: without full
// s3:ListBucket S3 answers 403, not 404. Where that is denied as well, it counts as absent, which a conditional write then
// proves.
func (s *Store) Read(ctx context.Context, name string) (body []byte, tag string, err error) {
	key := s.root() + name

	body, tag, err = s.get(ctx, key)
	if !awsapi.Denied(err) {
		return body, tag, err
	}

	found, listErr := s.list(ctx, key)
	if listErr != nil && !errors.Is(listErr, export.ErrListDenied) {
		return nil, "", listErr
	}

	if slices.ContainsFunc(found, func(listed export.StoredPart) bool { return listed.Name == "" }) {
		return s.get(ctx, key) // it may have been created since
	}

	return nil, "", export.ErrAbsent
}

// Create implements [export.Documents].
func (s *Store) Create(ctx context.Context, name string, body []byte) (string, error) {
	tag, err := s.put(ctx, name, body, &s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	if errors.Is(err, export.ErrAbsent) {
		return "", export.ErrConflict // it was there, and went before it could be looked at
	}

	return tag, err
}

// Replace implements [export.Documents].
func (s *Store) Replace(ctx context.Context, name, tag string, body []byte) (string, error) {
	return s.put(ctx, name, body, &s3.PutObjectInput{IfMatch: &tag})
}

// put writes on the condition that input carries. A condition that failed counts only after a look: when the reply to
// a write is lost, the SDK sends it again, and the second one fails on the first one's success.
func (s *Store) put(ctx context.Context, name string, body []byte, input *s3.PutObjectInput) (string, error) {
	key := s.root() + name
	input.Bucket, input.Key = &s.bucket, &key
	input.Body = bytes.NewReader(body)
	input.ContentType = aws.String("application/json")

	if len(body) > maxDocument {
		return "", s.unusable(key, fmt.Sprintf("it would be longer than %d bytes: export less under one id", maxDocument))
	}

	reply, err := s.client.PutObject(ctx, input)

	switch {
	case err == nil:
		return s.tag(reply.ETag, key)
	case missing(err):
		return "", export.ErrAbsent
	case awsapi.Status(err) != http.StatusPreconditionFailed:
		return "", s.failed(err, key)
	}

	// That it exists is known now, so a read that is denied is no absence.
	stored, tag, err := s.get(ctx, key)

	switch {
	case err != nil:
		return "", err
	case bytes.Equal(stored, body):
		return tag, nil
	case input.IfMatch == nil:
		return "", export.ErrConflict
	default:
		return "", s.conflict(ctx, key, *input.IfMatch, tag, stored)
	}
}

// conflict is what it means that asked did not match, while stored lies there under tag: that somebody else was faster, or
// that the store's ETags change by themselves, and nobody was.
func (s *Store) conflict(ctx context.Context, key, asked, tag string, stored []byte) error {
	again, now, err := s.get(ctx, key)
	if err != nil {
		return err
	}

	if tag == asked || now != tag && bytes.Equal(again, stored) {
		return s.unusable(key, "the store does not keep to its own ETags: use one with stable ETags, and nothing in between that changes them")
	}

	return export.ErrConflict
}
