#!/bin/sh
# Checks an evidence bundle without the software that made it.
#
#   usage: sh verify.sh BUNDLE TRUST
#
# BUNDLE: the folder that this script came with. TRUST: a folder with the public keys
# you believe, which you got from the operator by another way than the bundle.
# Needs a POSIX shell, OpenSSL 3.0 or newer, and cat, head, tail, wc, tr, od, base32,
# mktemp and rm. Contacts nobody, writes only to a temporary folder.
# Exit code: 0 VERIFIED, 3 anything else; the last line says which.
# Left to `evidence verify bundle`: checks 6 (WARC records) and 12 (revocation).
set -u
LC_ALL=C TZ=UTC OPENSSL_CONF=/dev/null
export LC_ALL TZ OPENSSL_CONF
unset CDPATH OPENSSL_MODULES OPENSSL_ENGINES
umask 077
W=
DONE=
NL='
'
finish() {
  [ -z "$W" ] || rm -rf "$W"
  [ "$DONE" ] || { echo 'NOT CHECKED: the script stopped'; exit 3; }
}
stop() { DONE=1; exit 3; }
# Names and values of a bundle in print: no line end or escape in them makes a line of ours.
say() { printf '%s\n' "$(printf %s "$1" | tr -c ' -~' '?')"; }
fail() { say "FAILED $1"; stop; }                  # one wrong thing is enough
none() { say "not checked: $1"; echo >> "$W/open"; } # go on: worse may come
trap finish EXIT
trap 'exit 3' HUP INT TERM

[ $# = 2 ] || { echo 'usage: sh verify.sh BUNDLE TRUST'; stop; }
case $1 in -*) B=./$1 ;; *) B=$1 ;; esac
case $2 in -*) T=./$2 ;; *) T=$2 ;; esac
B=${B%/} T=${T%/}
[ -d "$B" ] || { say "NOT CHECKED: $B is not a folder; unpack a .zip first"; stop; }
for f in operators log.name log.pem quorum; do
  [ -s "$T/$f" ] || { echo "NOT CHECKED: the trust folder has no $f"; stop; }
done
case $(openssl version 2> /dev/null) in
  'OpenSSL '[3-9]*) ;;
  *) echo 'NOT CHECKED: OpenSSL 3.0 or newer is needed'; stop ;;
esac
W=$(mktemp -d) || { echo 'NOT CHECKED: there is no temporary folder'; stop; }

sha() { x=$(openssl dgst -sha256 -r < "$1") && printf %s "${x%% *}"; }
size() { echo $(($(wc -c < "$1"))); }
hex() { for x in $(od -An -v -tx1 -N "$2" "$1"); do printf %s "$x"; done; } # file, bytes
# A number of at most 15 digits; before any $(( )), where a shell would run other text.
num() {
  case $1 in '' | *[!0-9]* | 0?*) fail "number in $2" ;; esac
  [ ${#1} -le 15 ] || fail "number in $2"
}
# Base64 in its one form, spare bits zero; sets LEN, the bytes that it stands for.
base64_form() {
  bare=${1%=} && bare=${bare%=}
  case $bare in '' | *[!A-Za-z0-9+/]*) fail "base64 in $2" ;; esac
  case $((${#1} % 4))${1#"$bare"}${bare#"${bare%?}"} in
    0[!=] | 0=[AEIMQUYcgkosw048] | 0==[AQgw]) ;;
    *) fail "base64 in $2" ;;
  esac
  LEN=$((${#1} / 4 * 3 - ${#1} + ${#bare}))
}
# The same, decoded into a file.
b64() {
  base64_form "$1" "$3"
  printf %s "$1" | openssl base64 -d -A > "$2" 2> /dev/null
  [ "$(size "$2")" = $LEN ] || fail "base64 in $3"
}
# Two files have the same bytes; one process looks at both. It begins a line with \ where
# the name of the file has a line end.
same() {
  both=$(openssl dgst -sha256 -r "$1" "$2") || return 1
  other=${both##*"$NL"} && other=${other%% *} && both=${both%% *}
  [ "${both#\\}" = "${other#\\}" ]
}
is_hex() { case $1 in *[!0-9a-f]*) return 1 ;; esac; [ ${#1} = "$2" ]; }
is_id() { case $1 in *[!a-z2-7]*) return 1 ;; esac; [ ${#1} = 26 ]; }

# ---- The files: names that a bundle may have, digests as SHA256SUMS lists them.
# Sets R to what is left of a name below the folders of its capture, P to these folders.
split() {
  R=$1 P=
  case $R in
    also/*/*) r=${R#*/} && P=also/${r%%/*}/ && R=${r#*/} ;;
    captures/*/*)
      r=${R#*/} && P=captures/${r%%/*}/ && R=${r#*/}
      case $R in captures/*/*) r=${R#*/} && P=${P}captures/${r%%/*}/ && R=${r#*/} ;; esac ;;
  esac
}
# Most bytes of a file of that name; fails for names that no bundle has.
limit() {
  split "$1"
  below=
  IFS=/
  for id in $P; do # `also` or `captures`, what lies below it, and once more
    unset IFS
    [ -z "$below" ] || is_id "$id" || fail "unknown file $1"
    if [ "$below" ]; then below=; else below=1; fi
  done
  unset IFS
  case $P$R in
    README.txt | PROVES.txt | CERTIFICATE.txt | verify.sh) L=262144; return ;;
    SHA256SUMS) L=16777216; return ;;
  esac
  case $R in
    capture.warc.gz) L=8589934592 ;;
    statement.json) L=1048576 ;;
    leaf.txt) L=65535 ;;
    proof.tlog-proof) L=65536 ;;
    anchor.tsr | anchor[2-9].tsr | anchor1[0-6].tsr | not_before.tsr) L=65536 ;;
    anchor.chain.pem | anchor[2-9].chain.pem | anchor1[0-6].chain.pem) L=65536 ;;
    not_before.chain.pem) L=65536 ;;
    revocation/anchor.crl | revocation/anchor[2-9].crl) L=16777216 ;;
    revocation/anchor1[0-6].crl | revocation/not_before.crl) L=16777216 ;;
    view/screenshot.png | view/page.pdf | view/text.txt | view/dom.txt) L=1073741824 ;;
    *) fail "unknown file $1" ;;
  esac
}
# Lists names below a folder ($1); $2 is its name, $3 how deep we may go.
walk() {
  [ "$3" -gt 0 ] || fail "folders too deep: $2"
  for f in "$1"/.* "$1"/*; do
    n=$2${f##*/}
    case ${f##*/} in . | ..) continue ;; esac
    [ ! -L "$f" ] || fail "link $n"
    [ -e "$f" ] || continue
    if [ -d "$f" ]; then
      (walk "$f" "$n/" $(($3 - 1))) || stop
      continue
    fi
    [ -f "$f" ] || fail "special file $n"
    case $n in *[!A-Za-z0-9._/-]*) fail "unknown file $n" ;; esac
    limit "$n"
    printf '%s\n' "$n" >> "$W/names"
  done
}
# Lengths and digests of files: a process for many of them, not several for each. What it
# says is taken line by line with the names that it was asked for.
sums() {
  (cd "$B" && exec wc -c "$@") > "$W/long" || fail 'a file that cannot be read'
  for n; do
    read -r x y && [ "$y" = "$n" ] || fail "$n has no length"
    limit "$n"
    [ "$x" -le "$L" ] || fail "$n is longer than $L bytes"
  done < "$W/long"
  (cd "$B" && exec openssl dgst -sha256 -r "$@") > "$W/again" || fail 'a file that cannot be read'
  for n; do
    read -r x y && [ "$y" = "*$n" ] || fail "$n has no digest"
    [ "$n" = SHA256SUMS ] || printf '%s  %s\n' "$x" "$n" >> "$W/sums"
  done < "$W/again"
}
: > "$W/names" && : > "$W/sums" && : > "$W/slices" && : > "$W/refs" && : > "$W/pages"
: > "$W/open" && : > "$W/others" && : > "$W/witnesses" && : > "$W/roots"
walk "$B" '' 7
set --
while read -r n; do
  set -- "$@" "$n"
  [ $# -lt 200 ] || { sums "$@" && set --; }
done < "$W/names"
[ $# = 0 ] || sums "$@"
SUMS=" $(tr '\n' ' ' < "$W/sums")"
sum_of() { H=${SUMS%%"  $1 "*} && H=${H##* }; } # sets H, the digest of that file
NAMES=" $(while read -r x n; do printf '%s ' "$n"; done < "$W/sums")"
has_name() { case $NAMES in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
case $NAMES in
  *' statement.json '* | *'/statement.json '*) ;;
  *) say "NOT CHECKED: $B is no evidence bundle"; stop ;;
esac
if [ ! -f "$B/SHA256SUMS" ]; then
  none 'there is no SHA256SUMS'
elif ! same "$B/SHA256SUMS" "$W/sums"; then
  # Both are in one order: the first lines that differ tell, however long a list was made.
  head -c $(($(size "$W/sums") + 4096)) "$B/SHA256SUMS" > "$W/listed"
  {
    while read -r x n; do
      read -r y m <&3 || fail "unlisted file $n, or a list cut short"
      [ "$x $n" != "$y $m" ] || continue
      [ "$n" != "$m" ] || fail "altered file $n"
      has_name "$m" || fail "missing file $m"
      fail "unlisted file $n, or a list of another form"
    done < "$W/sums"
    read -r y m <&3 && ! has_name "$m" && fail "missing file $m"
  } 3< "$W/listed"
  fail 'SHA256SUMS'
fi

# ---- What the reader believes.
read -r QW QT < "$T/quorum"
num "$QW" quorum
num "$QT" quorum
LOG=$(cat "$T/log.name")
# Key id of a note key: first 4 bytes of SHA-256(name, line feed, type, key).
note_key() {
  { printf '%s\n' "$(cat "$T/$1.name")"; printf "$2"
    openssl pkey -pubin -in "$T/$1.pem" -outform DER | tail -c 32; } > "$W/key"
  sha "$W/key" | head -c 8
}
LOGID=$(note_key log '\001')
for w in "$T"/witness*.name; do
  [ -s "$w" ] || continue
  w=${w##*/} && w=${w%.name}
  printf '%s %s\n' "$w" "$(note_key "$w" '\004')" >> "$W/witnesses"
done

# ---- Times: seconds since 1970 of a day and a time of day.
seconds() { # year month day hour minute second
  y=$1 m=${2#0} d=${3#0} h=${4#0} i=${5#0} s=${6#0}
  for x in "$y" "$m" "$d" "$h" "$i" "$s"; do num "$x" time; done
  [ "$m" -gt 2 ] || y=$((y - 1))
  e=$((y / 400)) && y=$((y - e * 400))
  d=$(((153 * ((m + 9) % 12) + 2) / 5 + d - 1))
  d=$((e * 146097 + y * 365 + y / 4 - y / 100 + d - 719468))
  echo $((d * 86400 + h * 3600 + i * 60 + s))
}
stamp_seconds() { # Jan 26 08:00:01.5 2025 GMT
  set -- $1
  [ $# = 5 ] || fail 'time of a token'
  t=${3%%.*} y=$4 d=$2
  case $1 in
    Jan) m=1 ;; Feb) m=2 ;; Mar) m=3 ;; Apr) m=4 ;; May) m=5 ;; Jun) m=6 ;;
    Jul) m=7 ;; Aug) m=8 ;; Sep) m=9 ;; Oct) m=10 ;; Nov) m=11 ;; Dec) m=12 ;;
    *) fail 'time of a token' ;;
  esac
  set -- $(printf %s "$t" | tr : ' ')
  seconds "$y" "$m" "$d" "$1" "$2" "$3"
}
instant_seconds() { # 2025-01-26T08:00:01.000000Z
  case $1 in
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].*Z) ;;
    *) fail "time in $2" ;;
  esac
  set -- $(printf %s "${1%%.*}" | tr 'T:-' '   ')
  seconds "$@"
}

# ---- Certificates that travel with a token: each is in it and beside it, or a trusted
# root, or bears the signature of one at hand. One that was changed is none of these.
certs() { # file with PEM blocks, stem of files and variables they go to; sets NC
  NC=0 in=
  while IFS= read -r x; do
    case $x in
      '-----BEGIN CERTIFICATE-----') NC=$((NC + 1)) in=1 one= && : > "$W/$2$NC" ;;
    esac
    [ -z "$in" ] || { one="$one $x" && printf '%s\n' "$x" >> "$W/$2$NC"; }
    case $x in '-----END CERTIFICATE-----') [ -z "$in" ] || eval "$2$NC=\$one"; in= ;; esac
  done < "$1"
  [ "$2" = root ] || [ $NC -le 32 ] || fail "too many certificates" # theirs, not ours
}
is_same() { eval "[ \"\$$1\" = \"\$$2\" ]"; } # two of these
is_among() { # one of these, others
  one=$1 && shift
  for o; do [ "$o" = "$one" ] || ! is_same "$o" "$one" || return 0; done
  return 1
}
# By its signature alone: dates and uses are looked at where a token is counted.
is_signed() { # one of these, possible issuers
  one=$1 && shift
  for o; do
    partial=-partial_chain # but nobody vouches for himself unless he signed himself
    is_same "$o" "$one" && partial=-check_ss_sig
    openssl verify $partial -no_check_time -CAfile "$W/$o" "$W/$one" \
      > /dev/null 2>&1 && return 0
  done
  return 1
}
for f in "$T"/tsa*.pem; do
  [ ! -s "$f" ] || openssl x509 -in "$f" >> "$W/roots" 2> /dev/null
done
certs "$W/roots" root
ROOTS= k=0 && while [ $k -lt $NC ]; do k=$((k + 1)) && ROOTS="$ROOTS root$k"; done
# The certificates beside a token can be read; sets J, how many there are.
check_beside() { # chain, its name
  J=0
  [ -s "$1" ] || return 0
  certs "$1" beside && J=$NC
  : > "$W/again"
  k=0
  while [ $k -lt $J ]; do
    k=$((k + 1))
    openssl x509 -in "$W/beside$k" >> "$W/again" 2> /dev/null || fail "$2: its chain"
  done
  [ $J -gt 0 ] || fail "$2: its chain"
}
check_vouched() { # token, chain, its name
  openssl ts -reply -in "$1" -token_out -out "$W/p7" > /dev/null 2>&1 &&
    openssl pkcs7 -inform DER -in "$W/p7" -print_certs -out "$W/inside" 2> /dev/null ||
    fail "$3 is no token"
  certs "$W/inside" inside && I=$NC B1= B2=
  [ $J = 0 ] || same "$2" "$W/again" || fail "$3: its chain"
  k=0 && while [ $k -lt $I ]; do k=$((k + 1)) && B1="$B1 inside$k"; done
  k=0 && while [ $k -lt $J ]; do k=$((k + 1)) && B2="$B2 beside$k"; done
  for f in $B1; do
    is_among "$f" $B2 $ROOTS || is_signed "$f" $B1 $B2 $ROOTS || fail "$3: a certificate in it"
  done
  for f in $B2; do
    is_among "$f" $B1 $ROOTS || is_signed "$f" $B1 $B2 $ROOTS || fail "$3: its chain"
  done
}

# ---- One token. Sets E (its seconds), G (its time and, in words, how right that is), A
# (whole seconds of accuracy; a begun second is one more, R, in the words) and HIT:
# the trusted root it holds under, or nothing if nobody you trust made it.
token() { # token, chain, what was stamped, its name
  x=$(hex "$1" 4) # openssl would pass over bytes behind the token
  case $x in
    3082????) x=$((0x${x#3082} + 4)) ;;
    3081????) x=${x#3081} && x=$((0x${x%??} + 3)) ;;
    30[0-7]?????) x=${x#30} && x=$((0x${x%????} + 2)) ;;
    *) fail "$4 is no token" ;;
  esac
  [ "$x" = "$(size "$1")" ] || fail "$4 does not end where it says"
  openssl ts -reply -in "$1" -text > "$W/t" 2> /dev/null || fail "$4 is no token"
  granted= # nobody signed the words that may follow the status: no more is read of them
  while IFS= read -r x; do
    case $x in
      'Status: Granted.') granted=1 && break ;;
      'Status: '*) break ;;
    esac
  done < "$W/t"
  openssl ts -reply -in "$1" -token_out -text > "$W/t" 2> /dev/null || fail "$4 is no token"
  alg= G= A=0 R=0 imprint= data=
  while IFS= read -r x; do
    case $x in
      'Hash Algorithm: '*) [ "$alg" ] || alg=${x#*: } ;;
      'Message data:') data=1 ;;
      '    '????' - '*) if [ "$data" ]; then x=${x#*' - '} && imprint="$imprint${x%%'  '*}"; fi ;;
      'Serial number: '*) data= ;;
      'Time stamp: '*) [ "$G" ] || G=${x#*: } ;;
      'Accuracy: '*)
        case ${x#*seconds} in *0x*) R=1 ;; esac
        case $x in
          'Accuracy: 0x'*) x=${x#*0x} && x=${x%% *} && is_hex "$(printf %s "$x" | tr A-F a-f)" ${#x} &&
            [ ${#x} -le 6 ] && A=$((0x$x)) ;;
        esac
        ;;
    esac
  done < "$W/t"
  [ "$granted" ] || fail "$4 was not granted"
  case $alg in sha256 | sha384 | sha512) ;; *) fail "$4: hash algorithm $alg" ;; esac
  imprint=$(printf %s "$imprint" | tr -d ' -')
  x=$(openssl dgst "-$alg" -r < "$3") && x=${x%% *}
  [ "$imprint" = "$x" ] || fail "$4 stamps something else"
  E=$(stamp_seconds "$G") || fail "$4: its time"
  [ $((A + R)) = 0 ] || G="$G (give or take $((A + R)) s)"
  check_beside "$2" "$4"
  HIT= wrong=
  for r in "$T"/tsa*.pem; do
    [ -s "$r" ] || continue
    for u in "$2" "$r"; do # with what lies beside it, then with what it carries alone
      [ -s "$u" ] || continue
      if openssl ts -verify -data "$3" -in "$1" -CAfile "$r" -untrusted "$u" \
        -attime "$E" -auth_level 2 > /dev/null 2> "$W/e"; then
        HIT=${r##*/}
        check_vouched "$1" "$2" "$4"
        return
      fi
      case $(cat "$W/e") in
        *'unable to get'*'issuer'* | *'self-signed certificate'* | \
        *'self signed certificate'* | *'unable to verify the first'* | \
        *'certificate signature failure'*) ;;
        *) wrong=1 ;;
      esac
    done
  done
  [ -z "$wrong" ] || fail "$4 does not hold"
}

# ---- One capture or page with its proof; $1 its folder, $2 its name in the bundle.
node() {
  D=$1 N=$2 COMPLETE=1
  for f in capture.warc.gz statement.json leaf.txt proof.tlog-proof; do
    [ -f "$D/$f" ] || { none "$N$f is not in the bundle"; COMPLETE=; }
  done
  BEFORE= LAST= LOWER= KNOWN= C=0 M=0
  [ ! -f "$D/proof.tlog-proof" ] || check_proof
  [ -z "$COMPLETE" ] || check_statement
  echo "${N:-bundle}: stated ${LOWER:-with no lower bound}${LOWER:+,} before" \
    "${LAST:-no known time}; $C witnesses, $M time stamps"
  [ $((C + M)) = 0 ] || echo >> "$W/others"
}

check_proof() {
  p=$D/proof.tlog-proof q=${N}proof.tlog-proof part=head
  : > "$W/head" && : > "$W/body" && : > "$W/lines"
  while IFS= read -r x; do
    if [ "$x" ]; then printf '%s\n' "$x" >> "$W/$part"; continue; fi
    case $part in
      head) part=body ;;
      body) part=lines ;;
      lines) fail "$q: its form" ;;
    esac
  done < "$p"
  { cat "$W/head"; echo; cat "$W/body"; echo; cat "$W/lines"; } > "$W/again"
  same "$p" "$W/again" && [ $(($(wc -l < "$W/body"))) = 3 ] || fail "$q: its form"
  n=$(($(wc -l < "$W/lines")))
  [ "$n" -ge 1 ] && [ "$n" -le 64 ] || fail "$q: its signatures"
  { read -r x; read -r y; } < "$W/head"
  FN=${y#index }
  [ "$x" = c2sp.org/tlog-proof@v1 ] && [ "index $FN" = "$y" ] || fail "$q: its form"
  num "$FN" "$q"
  { IFS= read -r ORIGIN; IFS= read -r SIZE; IFS= read -r ROOT; } < "$W/body"
  case $ORIGIN in *[!!-~]* | *+*) fail "$q: its origin" ;; esac
  num "$SIZE" "$q"
  b64 "$ROOT" "$W/root" "$q"
  [ $LEN = 32 ] || fail "$q: its root"
  while IFS= read -r x; do
    case $x in '— '*' '*) ;; *) fail "$q: a signature line" ;; esac
    x=${x#* } n=${x%% *} s=${x#* }
    case $n in '' | *[!!-~]* | *+*) fail "$q: the name of a signer" ;; esac
    base64_form "$s" "$q"
    [ $LEN -ge 5 ] || fail "$q: a signature line"
  done < "$W/lines"
  if [ "$ORIGIN" != "$LOG" ]; then
    none "$q is of the log $ORIGIN, of which your trust folder knows nothing"
    return
  fi
  KNOWN=1
  signed log "$LOGID" 1
  [ "$FOUND" ] || none "$q is not signed by the log key you trust"
  while read -r w id; do
    signed "$w" "$id" 4
    [ -z "$FOUND" ] || C=$((C + 1))
  done < "$W/witnesses"
  [ $C -ge "$QW" ] || none "${N}witnesses: $C of $QW"
  check_tokens
}

# Sets FOUND if a line of that key is there; each line of it must hold.
signed() { # stem in the trust folder, key id, type
  FOUND= n=$(cat "$T/$1.name")
  while read -r x y s; do
    [ "$y" = "$n" ] || continue
    b64 "$s" "$W/c" "$q"
    [ "$(hex "$W/c" 4)" = "$2" ] || continue
    tail -c +5 "$W/c" > "$W/s"
    if [ "$3" = 4 ]; then
      [ "$(size "$W/s")" = 72 ] || fail "$q: cosignature of $1"
      t=$(hex "$W/s" 8)
      case $t in [0-7]*) ;; *) fail "$q: cosignature of $1" ;; esac
      { printf 'cosignature/v1\ntime %d\n' $((0x$t)); cat "$W/body"; } > "$W/m"
      tail -c +9 "$W/s" > "$W/s2"
    else
      cat "$W/body" > "$W/m"
      cat "$W/s" > "$W/s2"
    fi
    [ "$(size "$W/s2")" = 64 ] &&
      openssl pkeyutl -verify -pubin -inkey "$T/$1.pem" -rawin -in "$W/m" \
        -sigfile "$W/s2" > /dev/null 2>&1 || fail "$q: signature of $1"
    FOUND=1
  done < "$W/lines"
}

# One token over one checkpoint lies beside many captures, and is looked at once.
token_once() { # as above
  sum_of "$4" && seen=$W/token_$H && sum_of "${4%.tsr}.chain.pem" && seen=${seen}_$H
  if [ -f "$seen" ]; then
    { read -r x; read -r E; read -r A; IFS= read -r G; IFS= read -r HIT; } < "$seen"
    [ "$x" != "$ORIGIN $SIZE $ROOT" ] || return 0
  fi
  token "$@"
  printf '%s\n' "$ORIGIN $SIZE $ROOT" "$E" "$A" "$G" "$HIT" > "$seen"
}

check_tokens() {
  cat "$W/body" > "$W/stamped"
  USED=
  for i in '' 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    a=$D/anchor$i.tsr
    [ -f "$a" ] || continue
    token_once "$a" "$D/anchor$i.chain.pem" "$W/stamped" "${N}anchor$i.tsr"
    case $USED in *" $HIT "*) HIT= ;; esac
    [ "$HIT" ] || { echo "${N}anchor$i.tsr: not counted"; continue; }
    USED="$USED $HIT " M=$((M + 1))
    if [ -z "$BEFORE" ] || [ $((E + A)) -gt "$BEFORE" ]; then BEFORE=$((E + A)) LAST=$G; fi
  done
  [ $M -ge "$QT" ] || none "${N}time stamps: $M of $QT"
}

# Takes a statement apart: one key or value a line. Canonical JSON escapes a quotation
# mark inside a text, so no text can pretend to be a key.
read_statement() {
  TYPE= SEQ= CAPTURED= NB= REFERS= BLOCKS=' ' SUBJECTS=' ' FIRST= at= in= digest=
  NBTIME= NBROOT= NBSIZE=
  tr '{},' '\n\n\n' < "$1" > "$W/pieces"
  echo >> "$W/pieces"
  while IFS= read -r x; do
    v=${x#*:} && v=${v#\"} && v=${v%\"}
    case $x in
      *'":') at=$x ;;
      '"captured_at":"'*) CAPTURED=$v ;;
      '"seq":'*) SEQ=$v ;;
      '"block":"sha256:'*) BLOCKS="$BLOCKS${v#sha256:} " ;;
      '"predicateType":"'*) TYPE=$v in=1 ;;
      '"gen_time":"'*) [ "$at" != '"not_before":' ] || NBTIME=$v ;;
      '"root":"'*) [ "$at" != '"not_before":' ] || NBROOT=$v ;;
      '"size":'*) [ "$at" != '"not_before":' ] || NBSIZE=$v ;;
      '"token":"sha256:'*) [ "$at" != '"not_before":' ] || NB=${v#sha256:} ;;
      '"capture":"'*) [ "$at" != '"refers_to":' ] || REFERS=$v ;;
      '"sha256":"'*) digest=$v ;;
      '"name":"'*)
        [ "$in" ] || continue
        [ "$FIRST" ] || FIRST="$digest $v"
        SUBJECTS="$SUBJECTS$digest:$v " ;;
    esac
  done < "$W/pieces"
}

check_statement() {
  s=$D/statement.json l=$D/leaf.txt q=${N}statement.json
  { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(size "$s")"; cat "$s"; } > "$W/pae"
  IFS= read -r x < "$l" || fail "${N}leaf.txt: its form"
  printf '%s\n' "$x" > "$W/again"
  same "$l" "$W/again" || fail "${N}leaf.txt: its form"
  set -f && set -- $x && set +f
  [ $# = 5 ] && [ "$1 $2 $3 $4 $5" = "$x" ] && [ "$1" = evidence/v1 ] || fail "${N}leaf.txt: its form"
  K=$2 KID=$4 SIG=$5
  case $K in [!a-z]* | *[!a-z0-9-]*) fail "${N}leaf.txt: its form" ;; esac
  [ ${#K} -le 32 ] || fail "${N}leaf.txt: its form"
  is_hex "$KID" 16 && is_hex "${3#sha256:}" 64 || fail "${N}leaf.txt: its form"
  [ "$3" = "sha256:$(sha "$W/pae")" ] || fail "$q is not the one of leaf.txt"
  b64 "$SIG" "$W/sig" "${N}leaf.txt"
  case $K in
    capture | page) ;;
    job-open | job-close | seal | anchor | key | cosign | tombstone | extract | import | note | incident)
      fail "$q states a $K, no capture" ;;
    *) none "$q: the kind $K is not known" ;;
  esac
  read_statement "$s"
  t=https://w3id.org/election-evidence-archive/$K/v
  case $TYPE in "${t}1") ;; "$t"[0-9]*) none "$q: its version is not known" ;; *) fail "$q: its kind" ;; esac
  for f in screenshot.png page.pdf text.txt dom.txt; do
    [ -f "$D/view/$f" ] || continue
    sum_of "${N}view/$f"
    case $BLOCKS in *" $H "*) ;; *) fail "${N}view/$f is not what was signed" ;; esac
  done
  sum_of "${N}capture.warc.gz"
  [ "$FIRST" = "$H capture.warc.gz" ] || fail "${N}capture.warc.gz is not what was signed"
  printf '%s\n' "$H" >> "$W/slices"
  [ -z "$REFERS" ] || printf '%s %s\n' "$REFERS" "${N:-bundle}" >> "$W/refs"
  printf '%s' "$SUBJECTS" > "$W/of_$(printf %s "$N" | tr / _)"
  [ "$K" != page ] || echo "$N" >> "$W/pages"
  check_inclusion
  [ -z "$KNOWN" ] || check_signer
  check_time
}

check_signer() {
  OP=
  while read -r x y z; do [ "$x" != "$KID" ] || OP="$y $z"; done < "$T/operators"
  O=$T/operator-$KID.pem
  if [ -z "$OP" ] || [ ! -s "$O" ]; then
    none "${N}leaf.txt: your trust folder has no operator key $KID"
    return
  fi
  openssl pkey -pubin -in "$O" -outform DER > "$W/key" 2> /dev/null
  [ "$(sha "$W/key" | head -c 16)" = "$KID" ] || fail "trust: $O is another key"
  openssl dgst -sha256 -verify "$O" -signature "$W/sig" "$W/pae" > /dev/null 2>&1 ||
    fail "${N}statement.json: the operator's signature"
  set -- $OP
  num "$1" operators
  num "$2" operators
  [ "$SEQ" -ge "$1" ] && [ "$SEQ" -lt "$2" ] || fail "${N}leaf.txt: the key was not valid there"
}

# RFC 6962 2.1.1: the leaf leads to the root of the checkpoint.
check_inclusion() {
  q=${N}proof.tlog-proof
  num "$SEQ" "${N}statement.json"
  [ "$SEQ" = "$FN" ] && [ "$FN" -lt "$SIZE" ] || fail "$q is for another entry"
  fn=$FN sn=$((SIZE - 1)) k=0
  { printf '\000'; cat "$D/leaf.txt"; } | openssl dgst -sha256 -binary > "$W/r"
  while IFS= read -r x; do
    k=$((k + 1))
    [ $k -gt 2 ] || continue
    b64 "$x" "$W/p" "$q"
    [ $LEN = 32 ] && [ $sn -ne 0 ] && [ $k -le 65 ] || fail "$q: inclusion"
    if [ $((fn & 1)) = 1 ] || [ $fn = $sn ]; then
      { printf '\001'; cat "$W/p" "$W/r"; } > "$W/n"
      while [ $((fn & 1)) = 0 ] && [ $fn -ne 0 ]; do fn=$((fn / 2)) sn=$((sn / 2)); done
    else
      { printf '\001'; cat "$W/r" "$W/p"; } > "$W/n"
    fi
    openssl dgst -sha256 -binary < "$W/n" > "$W/r"
    fn=$((fn / 2)) sn=$((sn / 2))
  done < "$W/head"
  [ $sn = 0 ] && same "$W/r" "$W/root" || fail "$q: inclusion"
}

# Between the token known before the capture began, and the tokens over the checkpoint.
check_time() {
  [ "$KNOWN" ] && [ "$CAPTURED" ] || return 0
  q=${N}statement.json low=
  when=$(instant_seconds "$CAPTURED" "$q") || fail "$q: captured_at"
  if [ "$NB" ]; then
    a=$D/not_before.tsr
    if [ ! -f "$a" ]; then
      lower_open "$q: the token of its lower bound is not in the bundle"
      return
    fi
    sum_of "${N}not_before.tsr"
    [ "$H" = "$NB" ] || fail "${N}not_before.tsr is not the one that was signed"
    num "$NBSIZE" "$q"
    printf '%s\n%s\n%s\n' "$ORIGIN" "$NBSIZE" "$NBROOT" > "$W/nb"
    g=$G
    token "$a" "$D/not_before.chain.pem" "$W/nb" "${N}not_before.tsr"
    [ "$HIT" ] || { lower_open "${N}not_before.tsr: nobody you trust made it"; return; }
    low=$(instant_seconds "$NBTIME" "$q") || fail "$q: not_before"
    [ "$low" = "$E" ] || fail "${N}not_before.tsr is of another time"
    LOWER="after $G"
    [ "$when" -ge $((low - 300)) ] || fail "$q: captured_at lies before its lower bound"
  fi
  [ -z "$BEFORE" ] || [ "$when" -le $((BEFORE + 300)) ] ||
    fail "$q: captured_at lies behind its time stamps"
}
lower_open() { if [ "$QT" = 0 ]; then echo "$1"; else none "$1"; fi; }

# ---- All captures of the bundle, and how they belong together.
NODES=' '
for n in $NAMES; do
  split "$n"
  case $P$R in README.txt | PROVES.txt | CERTIFICATE.txt | verify.sh) continue ;; esac
  case $NODES in *" ./$P "*) ;; *) NODES="$NODES./$P " ;; esac
done
COUNT=0
for p in $NODES; do
  p=${p#./}
  (node "$B/${p%/}" "$p"; DONE=1; W=; exit 0) || stop
  COUNT=$((COUNT + 1))
done
for p in $NODES; do
  p=${p#./}
  [ "$p" ] && [ -f "$B/${p}capture.warc.gz" ] || continue
  id=${p%/} && id=${id##*/} && up=${p%captures/"$id"/}
  short=$(openssl dgst -sha256 -binary < "$B/${p}capture.warc.gz" | head -c 16 | base32 | tr -d '=\n' | tr A-Z a-z)
  [ "$short" = "$id" ] || fail "${p}capture.warc.gz is another capture"
  of=$W/of_$(printf %s "$up" | tr / _)
  case $p in also/*) continue ;; esac
  [ -f "$of" ] || continue
  sum_of "${p}capture.warc.gz"
  case $(cat "$of") in
    *" $H:captures/$id/capture.warc.gz "*) ;;
    *) fail "$p is not named by its page" ;;
  esac
done
while IFS= read -r p; do
  for x in $(cat "$W/of_$(printf %s "$p" | tr / _)"); do
    case $x in
      *:captures/*) has_name "$p${x#*:}" || none "$p${x#*:} is not in the bundle" ;;
    esac
  done
done < "$W/pages"
ALL=" $(tr '\n' ' ' < "$W/slices")"
while read -r x p; do
  case $ALL in *" $x "*) ;; *) none "$p refers to capture $x, which is not in the bundle" ;; esac
done < "$W/refs"

[ -s "$W/others" ] || echo 'one witness: the operator; no independent time'
[ ! -s "$W/open" ] || { echo 'NOT CHECKED: something is missing, see above'; stop; }
echo 'Left to the CLI: checks 6 (WARC records) and 12 (revocation). What this does not show: PROVES.txt'
echo "VERIFIED $COUNT"
DONE=1
exit 0
