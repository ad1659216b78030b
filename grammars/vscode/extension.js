"use strict";

// Starts `rewardlang lsp` and connects it to the editor; everything else is the server's.

const vscode = require("vscode");
const { LanguageClient, State, TransportKind } = require("vscode-languageclient/node");

const INSTALL = "pip install 'rewardlang[editor]'";
let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("rewardlang").get("command", ["rewardlang", "lsp"]);
  const serverOptions = { command, args, transport: TransportKind.stdio };
  const clientOptions = { documentSelector: [{ language: "reward" }] };
  client = new LanguageClient("rewardlang", "Reward", serverOptions, clientOptions);
  try {
    await client.start();
  } catch (error) {
    const told = `The language server '${command}' did not start: ${error.message}. ${INSTALL}, or set rewardlang.command.`;
    const choice = await vscode.window.showErrorMessage(told, "Open the setting");
    if (choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "rewardlang.command");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running !== undefined && running.state === State.Running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("rewardlang.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => (event.affectsConfiguration("rewardlang.command") ? restart() : undefined)),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
