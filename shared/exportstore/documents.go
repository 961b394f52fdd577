package exportstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Documents implements [export.Documents]. A tag is an object's ETag.
type Documents struct{ objects }

// NewDocuments returns the documents of the exports below prefix in a bucket.
func NewDocuments(client *s3.Client, bucket, prefix string) *Documents {
	return &Documents{objects{client: client, bucket: bucket, prefix: prefix}}
}

func (d *Documents) root() string { return d.prefix + "/_state/" }

// URI implements [export.Documents].
func (d *Documents) URI(name string) string { return d.uri(d.root() + name) }

// Names implements [export.Documents].
func (d *Documents) Names(ctx context.Context, listing, id string) ([]string, error) {
	found, err := d.list(ctx, d.root()+listing+"/"+id+"/")
	if err != nil {
		return nil, err
	}

	names := make([]string, 0, len(found))
	for _, listed := range found {
		names = append(names, strings.TrimPrefix(listed.key, d.root()))
	}

	return names, nil
}

// Read implements [export.Documents]. Whether a document exists whose read is denied is learnt by listing: without full
// s3:ListBucket S3 answers 403, not 404. Where that is denied as well, it counts as absent, which a conditional write then
// proves.
func (d *Documents) Read(ctx context.Context, name string) (body []byte, tag string, err error) {
	key := d.root() + name

	body, tag, err = d.get(ctx, key)
	if !awsapi.Denied(err) {
		return body, tag, err
	}

	found, listErr := d.list(ctx, key)
	if listErr != nil && !errors.Is(listErr, export.ErrListDenied) {
		return nil, "", listErr
	}

	if slices.ContainsFunc(found, func(listed object) bool { return listed.key == key }) {
		return nil, "", err
	}

	return nil, "", export.ErrAbsent
}

// Create implements [export.Documents].
func (d *Documents) Create(ctx context.Context, name string, body []byte) (string, error) {
	tag, err := d.put(ctx, name, body, &s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	if errors.Is(err, export.ErrAbsent) {
		return "", export.ErrConflict // it was there, and went before it could be looked at
	}

	return tag, err
}

// Replace implements [export.Documents].
func (d *Documents) Replace(ctx context.Context, name, tag string, body []byte) (string, error) {
	return d.put(ctx, name, body, &s3.PutObjectInput{IfMatch: &tag})
}

// put writes on the condition that input carries. A condition that failed counts only after a look: when the reply to
// a write is lost, the SDK sends it again, and the second one fails on the first one's success.
func (d *Documents) put(ctx context.Context, name string, body []byte, input *s3.PutObjectInput) (string, error) {
	key := d.root() + name
	input.Bucket, input.Key = &d.bucket, &key
	input.Body = bytes.NewReader(body)
	input.ContentType = aws.String("application/json")

	if len(body) > maxDocument {
		return "", d.unusable(key, fmt.Sprintf("it would be longer than %d bytes: export less under one id", maxDocument))
	}

	reply, err := d.client.PutObject(ctx, input)

	switch {
	case err == nil:
		return d.tag(reply.ETag, key)
	case missing(err):
		return "", export.ErrAbsent
	case awsapi.Status(err) != http.StatusPreconditionFailed:
		return "", d.failed(err, key)
	}

	// That it exists is known now, so a read that is denied is no absence.
	stored, tag, err := d.get(ctx, key)

	switch {
	case err != nil:
		return "", err
	case bytes.Equal(stored, body):
		return tag, nil
	case input.IfMatch == nil:
		return "", export.ErrConflict
	default:
		return "", d.conflict(ctx, key, *input.IfMatch, tag, stored)
	}
}

// conflict is what it means that asked did not match, while stored lies there under tag: that somebody else was faster, or
// that the store's ETags change by themselves, and nobody was.
func (d *Documents) conflict(ctx context.Context, key, asked, tag string, stored []byte) error {
	again, now, err := d.get(ctx, key)
	if err != nil {
		return err
	}

	if tag == asked || now != tag && bytes.Equal(again, stored) {
		return d.unusable(key, "the store does not keep to its own ETags: use one with stable ETags, and nothing in between that changes them")
	}

	return export.ErrConflict
}
