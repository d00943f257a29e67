module evidence.test/sumdb

go 1.18

require golang.org/x/mod v0.12.0
