package stack

import (
	"genesys-cloud-export/shared/devstack/lambdasim"
)

// Functions are those of the template as they would run here.
func Functions(config Config) ([]lambdasim.Function, error) {
	deployed, err := deploy(config, map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com"})
	if err != nil {
		return nil, err
	}

	return deployed.configured(config, nil), nil
}
