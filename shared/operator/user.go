package operator

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/settings"
)

// userTimeout bounds the one request to the organisation.
const userTimeout = 20 * time.Second

// user reads one user with the stored token, from where this runs: the functions may have another way.
func (e *examination) user(ctx context.Context, _ string) finding {
	if e.tokens == nil {
		return notSeen("not looked at: needs a token")
	}

	configured := settings.Common{GenesysEnvironment: e.stack.parameters[parameterEnvironment], GenesysAPIURL: e.stack.parameters[parameterAPI]}

	base, err := configured.API()
	if problems := configured.Validate(); len(problems) > 0 || err != nil {
		return failedf("the stack's parameters do not say where the API is (%s): deploy with %s or %s",
			strings.Join(problems, "; "), parameterEnvironment, parameterAPI)
	}

	users := genesys.Users(http.MethodGet)

	pages, err := genesys.NewListing(users, genesys.Client{
		Base: base, HTTP: genesys.NewHTTPClient(), Attempt: userTimeout, Logger: slog.New(slog.DiscardHandler), Tokens: e.tokens,
	}).Ask(1, nil)
	if err != nil {
		return failed(err)
	}

	var page export.Page

	err = pages.Fetch(ctx, "", &page)
	if _, passing := errors.AsType[*retry.TransientError](err); passing && failure.Is(err, failure.TokenUnavailable) {
		err = pages.Fetch(ctx, "", &page) // with the token that replaces the rejected one
	}

	const where = "the functions may reach it all the same, from a VPC above all"

	refused, _ := errors.AsType[*failure.Error](err)

	switch {
	case err == nil && page.Records == 0:
		return failedf("%s shows not one user: give the OAuth client's role the permission %s in all divisions", base.Host, users.Permission)
	case err == nil:
		return found("%s returned one", base.Host)
	case refused == nil:
		return failedf("%s could not be asked", base.Host)
	case refused.Kind == failure.UpstreamUnavailable && refused.Cause != nil:
		return notSeen("not reachable from here: %s; %s", refused.Message, where)
	case strings.Contains(refused.Message, "ip.not.authorized"):
		return notSeen("not allowed from here: this machine's address is not on the organisation's allow list; %s", where)
	default:
		return failed(refused)
	}
}
