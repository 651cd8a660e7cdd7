# The action "apply": puts a configuration in force that has come, and has the service read it.
set -e
cp "incoming/$1.conf" app.conf
exec sh ./reload.sh
