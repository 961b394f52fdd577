// Package exportstore keeps exports in S3: parts where Athena, DuckDB and people look for data, and the documents about
// them below _state, which those readers skip.
//
//	{prefix}/{listing}/export_id={id}/part-NNNNNN-….jsonl.gz
//	{prefix}/_state/{listing}/{id}/checkpoint.json
//	{prefix}/_state/{listing}/{id}/manifest.json
//	{prefix}/_state/{listing}/latest.json
//
// [Documents] are written by compare-and-swap on ETags alone; [Parts] under names that nobody else uses.
package exportstore

import (
	"context"
	"errors"
	"io"
	"net/http"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxDocument bounds what is read of a document, in bytes: a checkpoint of 100,000 parts has a fifth of it.
const maxDocument = 128 << 20

// objects is a bucket below a prefix.
type objects struct {
	client *s3.Client
	bucket string
	prefix string
}

func (o objects) uri(key string) string { return "s3://" + o.bucket + "/" + key }

func (o objects) failed(err error, key string) error {
	return failure.Because(err, failure.StorageUnavailable, "%s: %s", o.uri(key), awsapi.Describe(err))
}

// list returns the objects below a folder, or [export.ErrListDenied].
func (o objects) list(ctx context.Context, folder string) ([]types.Object, error) {
	var found []types.Object

	pages := s3.NewListObjectsV2Paginator(o.client, &s3.ListObjectsV2Input{Bucket: &o.bucket, Prefix: &folder})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awsapi.Denied(err) {
			return nil, export.ErrListDenied
		}

		if err != nil {
			return nil, o.failed(err, folder)
		}

		found = append(found, page.Contents...)
	}

	return found, nil
}

// get reads a small object. Whether a missing one exists is learnt by listing: without full s3:ListBucket S3 answers 403,
// not 404. Where that is denied as well, a refused read is taken for an absence, which a conditional write then proves.
func (o objects) get(ctx context.Context, key string) (body []byte, tag string, err error) {
	reply, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &key})
	if err != nil {
		return nil, "", o.absence(ctx, key, err)
	}
	defer reply.Body.Close()

	body, err = io.ReadAll(io.LimitReader(reply.Body, maxDocument+1))
	if err != nil {
		return nil, "", o.failed(err, key)
	}

	if len(body) > maxDocument {
		return nil, "", failure.New(failure.StorageUnavailable, "%s: it is longer than %d bytes", o.uri(key), maxDocument)
	}

	return body, aws.ToString(reply.ETag), nil
}

func (o objects) absence(ctx context.Context, key string, err error) error {
	if awsapi.Status(err) == http.StatusNotFound && awsapi.Code(err) != "NoSuchBucket" {
		return export.ErrAbsent
	}

	if !awsapi.Denied(err) {
		return o.failed(err, key)
	}

	found, listErr := o.list(ctx, key)
	if listErr != nil && !errors.Is(listErr, export.ErrListDenied) {
		return listErr
	}

	for _, object := range found {
		if aws.ToString(object.Key) == key {
			return o.failed(err, key)
		}
	}

	return export.ErrAbsent
}
