package s3sim

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// maxPage is how many lines a page of a listing holds at most, and by default.
const maxPage = 1000

// listReply is S3's XML of a page, of both versions of the operation: members of the other version stay nil.
type listReply struct {
	XMLName               xml.Name     `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string       `xml:"Name"`
	Prefix                string       `xml:"Prefix"`
	Delimiter             string       `xml:"Delimiter,omitempty"`
	EncodingType          string       `xml:"EncodingType,omitempty"`
	MaxKeys               int64        `xml:"MaxKeys"`
	IsTruncated           bool         `xml:"IsTruncated"`
	Marker                *string      `xml:"Marker"`
	NextMarker            *string      `xml:"NextMarker"`
	KeyCount              *int         `xml:"KeyCount"`
	StartAfter            *string      `xml:"StartAfter"`
	ContinuationToken     *string      `xml:"ContinuationToken"`
	NextContinuationToken *string      `xml:"NextContinuationToken"`
	Contents              []listObject `xml:"Contents"`
	CommonPrefixes        []listPrefix `xml:"CommonPrefixes"`
}

type listObject struct {
	Key          string `xml:"Key"`
	LastModified string `xml:"LastModified"`
	ETag         string `xml:"ETag"`
	Size         int64  `xml:"Size"`
	StorageClass string `xml:"StorageClass"`
}

type listPrefix struct {
	Prefix string `xml:"Prefix"`
}

// listObjects answers both versions of the listing.
func (e *Endpoint) listObjects(w http.ResponseWriter, r *http.Request, second bool) error {
	bucket, _ := Location(r)
	query := r.URL.Query()
	page, err := requestedPage(query, second)
	if err != nil {
		return err
	}
	encode, err := keyEncoding(query.Get("encoding-type"))
	if err != nil {
		return err
	}

	list, err := e.store.ListBucket(bucket,
		&gofakes3.Prefix{Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter")}, page)
	if err != nil {
		return err
	}

	reply := newListReply(bucket, query, list, encode)
	reply.MaxKeys = page.MaxKeys
	if second {
		reply.continueByToken(query, list, encode)
	} else {
		reply.continueByMarker(query, list, encode)
	}
	body, err := xml.Marshal(reply)
	if err != nil {
		return fmt.Errorf("encode the listing of bucket %s: %w", bucket, err)
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(body) //nolint:gosec // XML that the encoder escaped

	return nil
}

func newListReply(bucket string, query url.Values, list *gofakes3.ObjectList, encode func(string) string) *listReply {
	reply := &listReply{
		Name: bucket, Prefix: encode(query.Get("prefix")), Delimiter: encode(query.Get("delimiter")),
		EncodingType: query.Get("encoding-type"), IsTruncated: list.IsTruncated,
	}
	for _, object := range list.Contents {
		reply.Contents = append(reply.Contents, listObject{
			Key: encode(object.Key), LastModified: object.LastModified.UTC().Format("2006-01-02T15:04:05.000Z"),
			ETag: object.ETag, Size: object.Size, StorageClass: string(object.StorageClass),
		})
	}
	for _, prefix := range list.CommonPrefixes {
		reply.CommonPrefixes = append(reply.CommonPrefixes, listPrefix{Prefix: encode(prefix.Prefix)})
	}

	return reply
}

// continueByToken fills in what the second version has of its own. Its token is the marker in another dress.
func (l *listReply) continueByToken(query url.Values, list *gofakes3.ObjectList, encode func(string) string) {
	count := len(list.Contents) + len(list.CommonPrefixes)
	l.KeyCount = &count
	if after := query.Get("start-after"); after != "" {
		after = encode(after)
		l.StartAfter = &after
	}
	if token := query.Get("continuation-token"); token != "" {
		l.ContinuationToken = &token
	}
	if list.IsTruncated {
		next := base64.URLEncoding.EncodeToString([]byte(list.NextMarker))
		l.NextContinuationToken = &next
	}
}

// continueByMarker fills in what the first version has of its own: NextMarker with a delimiter alone, as S3 has it.
func (l *listReply) continueByMarker(query url.Values, list *gofakes3.ObjectList, encode func(string) string) {
	marker := encode(query.Get("marker"))
	l.Marker = &marker
	if list.IsTruncated && l.Delimiter != "" {
		next := encode(list.NextMarker)
		l.NextMarker = &next
	}
}

// requestedPage returns where a page begins and how long it is.
func requestedPage(query url.Values, second bool) (gofakes3.ListBucketPage, error) {
	page := gofakes3.ListBucketPage{Marker: query.Get("marker"), MaxKeys: maxPage}
	if second {
		page.Marker = query.Get("start-after")
	}
	if token := query.Get("continuation-token"); second && token != "" {
		marker, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			return page, invalidArgument("The continuation token provided is incorrect")
		}
		page.Marker = string(marker)
	}
	page.HasMarker = page.Marker != ""

	if asked := query.Get("max-keys"); asked != "" {
		size, err := strconv.ParseInt(asked, 10, 32)
		if err != nil || size < 0 {
			return page, invalidArgument("Argument maxKeys must be an integer between 0 and 2147483647")
		}
		page.MaxKeys = min(size, maxPage)
	}

	return page, nil
}

// keyEncoding returns how keys are written: as they are, or escaped so that XML can hold every one of them.
func keyEncoding(name string) (func(string) string, error) {
	switch name {
	case "":
		return func(key string) string { return key }, nil
	case "url":
		escaped := strings.NewReplacer("+", "%20", "%2F", "/")

		return func(key string) string { return escaped.Replace(url.QueryEscape(key)) }, nil
	}

	return nil, invalidArgument("Invalid Encoding Method specified in Request")
}
