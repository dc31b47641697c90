#!/bin/sh
# How these files were made: an authority that the tests believe, a server's certificate by it, and another authority.
set -eu
touch index; echo 01 > serial
cat > config <<'END'
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
[server]
subjectAltName = DNS:localhost,IP:127.0.0.1
END
always="-batch -notext -config config -startdate 20200101000000Z -enddate 21200101000000Z"
request="openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for name in ca other; do
    $request -keyout $name.key -out $name.csr -subj "/CN=$name authority"
    openssl ca $always -selfsign -extensions authority -keyfile $name.key -in $name.csr -out $name.pem
done
$request -keyout server.key -out server.csr -subj /CN=localhost
openssl ca $always -extensions server -cert ca.pem -keyfile ca.key -in server.csr -out server.pem
rm -f ./*.csr ca.key other.key 0*.pem index* serial* config

# One that says all that a certificate can say.
cat > config <<'END'
[req]
distinguished_name=dn
x509_extensions=ext
prompt=no
string_mask=utf8only
[dn]
C=KR
ST=Seoul
L=서울
O=Example, Inc.
OU=one
CN=example.org
emailAddress=a@example.org
serialNumber=77
[ext]
subjectAltName=DNS:example.org,DNS:*.example.org,IP:10.0.0.1,IP:2001:db8::1,email:a@example.org,URI:https://example.org/,RID:1.2.3.4,dirName:dn,otherName:1.2.3.4;UTF8:x
authorityInfoAccess=OCSP;URI:http://ocsp.example.org/,caIssuers;URI:http://ca.example.org/ca.crt
crlDistributionPoints=URI:http://crl.example.org/a.crl,URI:http://crl.example.org/b.crl
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout described.key -out described.pem -config config \
    -days 36500 -set_serial 0xabcdef1234567890 -utf8
rm -f described.key config
