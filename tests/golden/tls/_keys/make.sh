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
