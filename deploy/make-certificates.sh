#!/bin/bash
# An authority of its own for the cluster, and a certificate for its one node; once.
set -eu
cd /certificates
[ -f /authority/ca.crt ] && exit 0
rm -rf ca elasticsearch ca.zip node.zip # of a start that was interrupted
tool=/usr/share/elasticsearch/bin/elasticsearch-certutil
"$tool" ca --silent --pem --out ca.zip
unzip -q ca.zip
"$tool" cert --silent --pem --out node.zip --name elasticsearch \
    --dns elasticsearch --dns localhost --ip 127.0.0.1 \
    --ca-cert ca/ca.crt --ca-key ca/ca.key
unzip -q node.zip
# Whoever holds it could pass for the cluster; a new node means a new authority.
rm -f ca.zip node.zip ca/ca.key
chmod 755 . ca elasticsearch
chmod 644 ca/ca.crt elasticsearch/elasticsearch.crt
chown 1000:0 elasticsearch/elasticsearch.key
chmod 400 elasticsearch/elasticsearch.key
# Whoever asks the cluster needs this file alone; it comes last: then all is there.
cp ca/ca.crt /authority/ca.crt.new
chmod 644 /authority/ca.crt.new
mv /authority/ca.crt.new /authority/ca.crt
