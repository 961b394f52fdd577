package operator

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

// userTimeout bounds the one request to the organisation.
const userTimeout = 20 * time.Second

// configurationReader is the one call of [lambda.Client] that is needed.
type configurationReader interface {
	GetFunctionConfiguration(ctx context.Context, input *lambda.GetFunctionConfigurationInput, options ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// user reads one user with the stored token, from where this runs: the functions may have another way.
func (e *examination) user(ctx context.Context) finding {
	if e.token.Version == 0 {
		return needs("a token")
	}

	function, err := e.stack.output(outputExportUsers)
	if err != nil {
		return failed(err)
	}

	place, err := placed(ctx, lambda.NewFromConfig(e.AWS), function, e.stack)
	if err != nil {
		return failed(err)
	}

	base, err := place.api()
	if err != nil {
		return failedf("%s does not say where the API is (%s): deploy with GenesysEnvironment or GenesysApiUrl", function, err)
	}

	pages, err := genesys.NewListing(genesys.Users(http.MethodGet), genesys.Client{
		Base: base, HTTP: genesys.NewHTTPClient(), Tokens: e.tokens(), Attempt: userTimeout, Logger: slog.New(slog.DiscardHandler),
	}).Ask(1, nil)
	if err != nil {
		return failed(err)
	}

	var page export.Page

	err = pages.Fetch(ctx, "", &page)
	if _, passing := errors.AsType[*retry.TransientError](err); passing && failure.Is(err, failure.TokenUnavailable) {
		err = pages.Fetch(ctx, "", &page) // with the token that replaces the rejected one
	}

	return read(err, page.Records, base.Host, place.inVPC)
}

// read tells what the request came to.
func read(err error, users int, host string, inVPC bool) finding {
	where := "the functions may reach it all the same"
	if inVPC {
		where = "the functions run in a VPC and may reach it all the same"
	}

	refused, _ := errors.AsType[*failure.Error](err)

	switch {
	case err == nil && users == 0:
		return failedf("%s shows not one user: give the OAuth client's role the permission %s in all divisions", host, genesys.Users(http.MethodGet).Permission)
	case err == nil:
		return found("%s handed one out", host)
	case refused == nil:
		return failedf("%s could not be asked", host)
	case refused.Kind == failure.UpstreamUnavailable && refused.Cause != nil:
		return notSeen("not reachable from here: %s; %s", refused.Message, where)
	case strings.Contains(refused.Message, "ip.not.authorized"):
		return notSeen("not allowed from here: this machine's address is not on the organisation's allow list; %s", where)
	default:
		return failed(refused)
	}
}

// tokens hands the stored token out, and has the rotator replace it where the API rejects it.
func (e *examination) tokens() *token.Reader {
	functions := lambda.NewFromConfig(e.AWS)

	return &token.Reader{
		Store:   tokenstore.New(ssm.NewFromConfig(e.AWS), e.stack.outputs[outputToken], ""),
		Rotator: rotatorclient.New(functions, e.stack.outputs[outputRotator]),
	}
}

// placement is what a function's configuration says about where its organisation is.
type placement struct {
	environment, apiURL string
	inVPC               bool
}

// placed reads the function's environment, and goes by the stack's parameters where that is not shown, as it is to those
// who may not use the key that encrypts it.
func placed(ctx context.Context, client configurationReader, function string, stack *deployed) (placement, error) {
	reply, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &function})
	if err != nil {
		return placement{}, told(ctx, "read the configuration of "+function, err)
	}

	variables := map[string]string{
		"GENESYS_ENVIRONMENT": stack.parameters[parameterEnvironment], "GENESYS_API_URL": stack.parameters[parameterAPI],
	}
	if reply.Environment != nil && reply.Environment.Error == nil {
		variables = reply.Environment.Variables
	}

	return placement{
		environment: variables["GENESYS_ENVIRONMENT"], apiURL: variables["GENESYS_API_URL"],
		inVPC: reply.VpcConfig != nil && aws.ToString(reply.VpcConfig.VpcId) != "",
	}, nil
}

// api is the API's address, by the rules of the functions' own settings.
func (p placement) api() (*url.URL, error) {
	if p.apiURL != "" {
		return genesys.ParseURL(p.apiURL)
	}

	domain, err := genesys.Domain(p.environment)
	if err != nil {
		return nil, err
	}

	return genesys.ParseURL(genesys.APIURL(domain))
}
