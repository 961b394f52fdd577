package stack_test

import (
	"slices"
	"testing"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// A bucket of the stack's own has a bucket key, and then the encryption context is the bucket; else it is the object.
func TestExportsCanBeEncryptedWithAndWithoutABucketKey(t *testing.T) {
	t.Parallel()

	const key = "arn:aws:kms:eu-central-1:000000000000:key/k"

	source, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	deployed, err := source.Evaluate(template.Deployment{Parameters: map[string]string{
		"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook", "KmsKeyArn": key, "ExportBucketName": "mine",
	}})
	if err != nil {
		t.Fatal(err)
	}

	all, err := stack.Roles(deployed)
	if err != nil {
		t.Fatal(err)
	}

	exporter := all[slices.IndexFunc(all, func(r iamsim.Role) bool { return r.Name == "ExporterRole" })]

	for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
		for context, want := range map[string]bool{
			"arn:aws:s3:::mine":                         true,
			"arn:aws:s3:::mine/exports/users/part":      true,
			"arn:aws:s3:::mine/exports/_state/users/id": true,
			"arn:aws:s3:::mine/others/part":             false,
			"arn:aws:s3:::other":                        false,
		} {
			access := iamsim.Access{Action: action, Resource: key, Context: map[string]string{
				"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": context,
			}}
			if got := exporter.Decide(access).Allowed; got != want {
				t.Errorf("%s for %s: got %t, want %t", action, context, got, want)
			}
		}
	}
}
