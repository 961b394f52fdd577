package exporttest_test

import (
	"testing"

	"genesys-cloud-export/shared/export/exporttest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()

	exporttest.Semantics(t, func(*testing.T) exporttest.Stores {
		store := exporttest.NewStore()
		return exporttest.Stores{Documents: store.Documents(nil), Parts: store.Parts(nil)}
	})
}

func TestStoreThatMayNotBeListedHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()

	exporttest.Semantics(t, func(t *testing.T) exporttest.Stores {
		store := exporttest.NewStore()
		store.DenyList()

		_, process := exporttest.NewProcess(t.Context(), nil)
		t.Cleanup(process.Kill)

		return exporttest.Stores{Documents: store.Documents(process), Parts: store.Parts(process), ListDenied: true}
	})
}
