package exportstore

import (
	"bytes"
	"context"
	"encoding/base64"

	"genesys-cloud-export/shared/export"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (s *Store) folder(listing, id string) string {
	return s.prefix + "/" + listing + "/export_id=" + id + "/"
}

// Key implements [export.Parts].
func (s *Store) Key(listing, id, name string) string { return s.folder(listing, id) + name }

// Location implements [export.Parts].
func (s *Store) Location(listing, id string) string { return s.uri(s.folder(listing, id)) }

// List implements [export.Parts].
func (s *Store) List(ctx context.Context, listing, id string) ([]export.StoredPart, error) {
	return s.list(ctx, s.folder(listing, id))
}

// Put implements [export.Parts]. S3 compares the body with its SHA-256 before it answers. There is no Content-Encoding: a
// client that honours one would store a part that no longer matches its manifest.
func (s *Store) Put(ctx context.Context, listing, id, name string, body, sha256 []byte) error {
	key := s.Key(listing, id, name)

	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:         &s.bucket,
		Key:            &key,
		Body:           bytes.NewReader(body),
		ContentType:    aws.String("application/gzip"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sha256)),
	})
	if err != nil {
		return s.failed(err, key)
	}

	return nil
}

// Delete implements [export.Parts].
func (s *Store) Delete(ctx context.Context, listing, id, name string) error {
	key := s.Key(listing, id, name)

	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
		return s.failed(err, key)
	}

	return nil
}
