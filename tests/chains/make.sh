#!/bin/sh
# Makes the chains that no current library signs: small keys, SHA-1, MD5. Needs OpenSSL 3; run in this folder, by hand.
# Every chain is leaf first and ends before root.pem; the name is mx1.example.com; all are valid from the day of making, for 25 years.
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
serial=4096

key() { # FILE KIND
    case $2 in
        rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$work/$1.key" ;;
        dsa) openssl genpkey -quiet -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -pkeyopt dsa_paramgen_q_bits:256 -out "$work/dsa.par"
             openssl genpkey -quiet -paramfile "$work/dsa.par" -out "$work/$1.key" ;;
        *) openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$work/$1.key" ;;
    esac
}

ca() { # FILE KIND ISSUER HASH NAME
    key "$1" "$2"
    printf 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > "$work/ext"
    issue "$1" "$3" "$4" "/O=Weak Chains/CN=$5"
}

leaf() { # FILE KIND ISSUER HASH [SAN]
    key "$1" "$2"
    printf 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=%s\n' "${5:-DNS:mx1.example.com}" > "$work/ext"
    issue "$1" "$3" "$4" "/O=Weak Chains/CN=$1"
}

issue() { # FILE ISSUER HASH SUBJECT
    serial=$((serial + 1))
    openssl req -new -key "$work/$1.key" -subj "$4" -out "$work/csr"
    openssl x509 -req -in "$work/csr" -CA "$work/$2.crt" -CAkey "$work/$2.key" -set_serial $serial -days 9131 -"$3" -extfile "$work/ext" -out "$work/$1.crt" 2>/dev/null
}

key root rsa2048
openssl req -x509 -new -key "$work/root.key" -sha256 -days 9131 -subj '/O=Weak Chains/CN=Root' -out "$work/root.crt" \
    -addext 'keyUsage=critical,keyCertSign,cRLSign'
ca good rsa2048 root sha256 Intermediate
ca int-rsa1024 rsa1024 root sha256 'Small Intermediate'
ca int-sha1 rsa2048 root sha1 'SHA-1 Intermediate'
ca int-rsa1024-sha1 rsa1024 root sha1 'Small SHA-1 Intermediate'
ca int-p256 P-256 root sha256 'Curve Intermediate'

leaf rsa1024 rsa1024 good sha256
leaf dsa dsa good sha256
leaf p192 P-192 good sha256
leaf sha1 rsa2048 good sha1
leaf md5 rsa2048 good md5
leaf ecdsa-sha1 P-256 int-p256 sha1
leaf below-rsa1024 P-256 int-rsa1024 sha256
leaf below-rsa1024-sha384 P-256 int-rsa1024 sha384
leaf below-sha1 P-256 int-sha1 sha256
leaf all-of-it rsa1024 int-rsa1024-sha1 sha1 DNS:other.example.com

chain() { out=$1; shift; : > "$out.pem"; for part; do cat "$work/$part.crt" >> "$out.pem"; done; }
chain root root
chain rsa1024 rsa1024 good
chain dsa dsa good
chain p192 p192 good
chain sha1 sha1 good
chain md5 md5 good
chain ecdsa-sha1 ecdsa-sha1 int-p256
chain below-rsa1024 below-rsa1024 int-rsa1024
chain below-rsa1024-sha384 below-rsa1024-sha384 int-rsa1024
chain below-sha1 below-sha1 int-sha1
chain all-of-it all-of-it int-rsa1024-sha1
