// Before ONNX Runtime is loaded: its usage reports are off unless the user's environment says otherwise.
// The Linux build of 1.30 otherwise keeps a device id and a queue of events in the user's cache folder, for a server of its maker.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
