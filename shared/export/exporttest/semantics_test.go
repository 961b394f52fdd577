package exporttest_test

import (
	"testing"

	"genesys-cloud-export/shared/export/exporttest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()

	for name, denied := range map[string]bool{"one that may be listed": false, "one that may not be listed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exporttest.Semantics(t, func(t *testing.T) exporttest.Stores {
				store := exporttest.NewStore()
				store.ListDenied = denied

				_, process := exporttest.NewProcess(t.Context(), nil)
				t.Cleanup(process.Kill)
				documents, parts := store.Of(process)

				return exporttest.Stores{Documents: documents, Parts: parts, ListDenied: denied}
			})
		})
	}
}
