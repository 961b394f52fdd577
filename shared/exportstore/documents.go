package exportstore

import (
	"bytes"
	"context"
	"errors"
	"net/http"
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
	for _, object := range found {
		names = append(names, strings.TrimPrefix(aws.ToString(object.Key), d.root()))
	}

	return names, nil
}

// Read implements [export.Documents].
func (d *Documents) Read(ctx context.Context, name string) (body []byte, tag string, err error) {
	return d.get(ctx, d.root()+name)
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

// put writes on the condition that input carries. A condition that failed is believed only after a look: when the reply to
// a write is lost, the SDK sends it again, and the second one fails on the first one's success.
func (d *Documents) put(ctx context.Context, name string, body []byte, input *s3.PutObjectInput) (string, error) {
	key := d.root() + name
	input.Bucket, input.Key = &d.bucket, &key
	input.Body = bytes.NewReader(body)
	input.ContentType = aws.String("application/json")

	reply, err := d.client.PutObject(ctx, input)
	if err == nil {
		return aws.ToString(reply.ETag), nil
	}

	switch status := awsapi.Status(err); {
	case status == http.StatusNotFound && awsapi.Code(err) != "NoSuchBucket":
		return "", export.ErrAbsent
	case status != http.StatusPreconditionFailed:
		return "", d.failed(err, key)
	}

	stored, tag, err := d.get(ctx, key)
	if err != nil {
		return "", err
	}

	if !bytes.Equal(stored, body) {
		return "", export.ErrConflict
	}

	return tag, nil
}
