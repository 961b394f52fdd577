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

// maxObject is where an object is cut off, and a line given up: several times what a part takes, an entity, or the manifest
// of 100,000 parts.
const maxObject = 32 << 20

// load reads an object; nil where there is none, which is a problem. The SDK's own checksum validation is off, since it would
// make an error of what is a problem.
func (c *check) load(ctx context.Context, key string) ([]byte, error) {
	object, err := c.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.Bucket, Key: &key}, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})

	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		c.problem("%q is missing", key)
		return nil, nil
	}

	if err != nil {
		return nil, fmt.Errorf("get s3://%s/%s, check the endpoint and the permission s3:GetObject: %w", c.Bucket, key, err)
	}
	defer object.Body.Close()

	if encoding := aws.ToString(object.ContentEncoding); encoding != "" {
		c.problem("%q has the Content-Encoding %q: some clients would unpack it", key, encoding)
	}

	raw, err := io.ReadAll(io.LimitReader(object.Body, maxObject))
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s, try again: %w", c.Bucket, key, err)
	}

	return raw, nil
}

// findStrays lists the folder after the parts were read, so that what landed meanwhile is seen as well.
func (c *check) findStrays(ctx context.Context) error {
	named := make(map[string]bool, len(c.manifest.Parts))
	for _, p := range c.manifest.Parts {
		named[p.Key] = true
	}

	folder := c.partsFolder()
	pages := s3.NewListObjectsV2Paginator(c.S3, &s3.ListObjectsV2Input{Bucket: &c.Bucket, Prefix: &folder})

	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list s3://%s/%s, check the permission s3:ListBucket: %w", c.Bucket, folder, err)
		}

		for _, object := range page.Contents {
			if key := aws.ToString(object.Key); !named[key] {
				c.problem("%q lies among the parts, and the manifest does not name it", key)
			}
		}
	}

	return nil
}
