package exportstore_test

import (
	"testing"

	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export/exporttest"
)

func TestBucketHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()

	for name, config := range map[string]func(t *testing.T) s3sim.Config{
		"that may be listed":     func(t *testing.T) s3sim.Config { return s3sim.Config{Folder: t.TempDir()} },
		"that may not be listed": func(t *testing.T) s3sim.Config { return s3sim.Config{Folder: t.TempDir(), DenyList: true} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exporttest.Semantics(t, func(t *testing.T) exporttest.Stores {
				settings := config(t)
				b := overLoopback(t, settings)

				return exporttest.Stores{Documents: b.documents(), Parts: b.parts(), ListDenied: settings.DenyList}
			})
		})
	}
}
