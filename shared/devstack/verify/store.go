package verify

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxDocument bounds what is read of a manifest, a pointer or a checkpoint: 64 MiB is a quarter of a million parts.
const maxDocument = 64 << 20

// store reads one bucket.
type store struct {
	client *s3.Client
	bucket string
}

// open gets an object; false where there is none. The caller closes the body.
func (s store) open(ctx context.Context, key string) (*s3.GetObjectOutput, bool, error) {
	object, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})

	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		return nil, false, nil
	}

	if err != nil {
		return nil, false, fmt.Errorf("get s3://%s/%s, check the endpoint and the permission s3:GetObject: %w", s.bucket, key, err)
	}

	return object, true, nil
}

// document reads a small object; false where there is none. What lies beyond maxDocument is cut off, and what is left
// is no JSON then.
func (s store) document(ctx context.Context, key string) ([]byte, bool, error) {
	object, found, err := s.open(ctx, key)
	if err != nil || !found {
		return nil, false, err
	}
	defer object.Body.Close()

	raw, err := io.ReadAll(io.LimitReader(object.Body, maxDocument))
	if err != nil {
		return nil, false, fmt.Errorf("read s3://%s/%s, try again: %w", s.bucket, key, err)
	}

	return raw, true, nil
}

// keys visits every key that begins with prefix.
func (s store) keys(ctx context.Context, prefix string, visit func(key string)) error {
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix})

	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list s3://%s/%s, check the permission s3:ListBucket: %w", s.bucket, prefix, err)
		}

		for _, object := range page.Contents {
			visit(aws.ToString(object.Key))
		}
	}

	return nil
}
