package verify_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"genesys-cloud-export/shared/devstack/verify"
)

func FuzzWhatIsReadAsAnObjectIsOne(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[{}]}`, `{"a":1,"a":2}`, `{"a":1,}`, `{,}`, `{1:2}`, `[]`, `{"a"}`, `{} {}`, `{"a":1`, ` {"a":null} `, `null`} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]any

		whole := json.Unmarshal(raw, &want) == nil && want != nil

		names, ok := verify.Object(raw)
		if ok != whole || (ok && names != len(want)) {
			t.Errorf("%q: got %d names, %t; want %d, %t", raw, names, ok, len(want), whole)
		}
	})
}

func FuzzDamageIsSeenWhereTheStandardLibrarySeesIt(f *testing.F) {
	whole := pack("{}\n")
	f.Add(whole)
	f.Add(append(bytes.Clone(whole), whole...))
	f.Add(whole[:len(whole)-1])
	f.Add(append(bytes.Clone(whole), 0))
	f.Add([]byte{})
	f.Add([]byte("{}\n"))

	f.Fuzz(func(t *testing.T, stored []byte) {
		var want []byte

		reader, err := gzip.NewReader(bytes.NewReader(stored))
		if err == nil {
			want, err = io.ReadAll(reader)
		}

		got, damage := verify.Gunzip(bytes.NewReader(stored))
		if (damage == "") != (err == nil) {
			t.Errorf("damage %q, the standard library says %v", damage, err)
		}

		if !bytes.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
