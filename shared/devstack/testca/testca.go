// Package testca makes a test CA: what is served by its certificate is trusted only by those who are given that certificate.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// New makes a CA, good for loopback and a day, and writes its certificate to a PEM file. It returns the configuration of a server that
// uses it, for HTTP/2 and HTTP/1.1. No CA trusts another. Go programs on Linux trust it where the environment variable SSL_CERT_FILE names the file.
func New(file string) (*tls.Config, error) {
	key, errKey := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		Subject:      pkix.Name{CommonName: "test CA"}, // curl trusts none without a name
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	certificate, errCertificate := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if err := errors.Join(errKey, errCertificate, os.WriteFile(file, text, 0o600)); err != nil {
		return nil, fmt.Errorf("make a test CA: %w", err)
	}

	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
	}, nil
}
