package exportstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"

	"genesys-cloud-export/shared/export"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Parts implements [export.Parts].
type Parts struct{ objects }

// NewParts returns the parts of the exports below prefix in a bucket.
func NewParts(client *s3.Client, bucket, prefix string) *Parts {
	return &Parts{objects{client: client, bucket: bucket, prefix: prefix}}
}

func (p *Parts) folder(listing, id string) string {
	return p.prefix + "/" + listing + "/export_id=" + id + "/"
}

// Key implements [export.Parts].
func (p *Parts) Key(listing, id, name string) string { return p.folder(listing, id) + name }

// Location implements [export.Parts].
func (p *Parts) Location(listing, id string) string { return p.uri(p.folder(listing, id)) }

// List implements [export.Parts].
func (p *Parts) List(ctx context.Context, listing, id string) ([]export.StoredPart, error) {
	folder := p.folder(listing, id)

	found, err := p.list(ctx, folder)
	if err != nil {
		return nil, err
	}

	parts := make([]export.StoredPart, 0, len(found))
	for _, listed := range found {
		parts = append(parts, export.StoredPart{Name: strings.TrimPrefix(listed.key, folder), Bytes: listed.bytes})
	}

	return parts, nil
}

// Put implements [export.Parts]. S3 compares the body with its SHA-256 before it answers. There is no Content-Encoding: a
// client that honours one would store a part that no longer matches its manifest.
func (p *Parts) Put(ctx context.Context, listing, id, name string, body, sha256 []byte) error {
	key := p.Key(listing, id, name)

	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:         &p.bucket,
		Key:            &key,
		Body:           bytes.NewReader(body),
		ContentType:    aws.String("application/gzip"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sha256)),
	})
	if err != nil {
		return p.failed(err, key)
	}

	return nil
}

// Delete implements [export.Parts].
func (p *Parts) Delete(ctx context.Context, listing, id, name string) error {
	key := p.Key(listing, id, name)

	if _, err := p.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &p.bucket, Key: &key}); err != nil {
		return p.failed(err, key)
	}

	return nil
}
