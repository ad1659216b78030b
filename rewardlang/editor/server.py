"""The language server: what an editor asks, answered from the open documents.

After a change the mistakes of syntax are told at once; the whole check follows
on a thread of its own, and is told if nothing was typed meanwhile. Opening and
typing run nothing of the file; an example is run when somebody asks for it.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from rewardlang import __version__
from rewardlang.editor import completion, diagnostics, hover, outline, ranges, rename
from rewardlang.editor.document import Document
from rewardlang.editor.files import Files
from rewardlang.errors import RewardError
from rewardlang.parsing.text_from_syntax import format_text
from rewardlang.source import Span

PAUSE_SECONDS = 0.05
"""How long nothing must have been typed before the whole check begins: one that is overtaken only slows the next answer down."""


class RewardServer(LanguageServer):
    """Holds the open documents by their address."""

    def __init__(self) -> None:
        super().__init__("rewardlang", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.open: dict[str, Document] = {}

    def document(self, uri: str) -> Document:
        """An open document. Raises the protocol's error for one that is not."""
        if uri not in self.open:
            raise JsonRpcInvalidParams(message=f"{uri} is not open")
        return self.open[uri]

    def files(self) -> Files:
        """The files around the open ones, for one question."""
        paths = [to_fs_path(uri) for uri in [*self.workspace.folders, self.workspace.root_uri or ""] if uri.startswith("file:")]
        return Files(self.open, [path for path in paths if path], self.encoding)

    @property
    def encoding(self) -> str:
        """How the client counts the characters of a line."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def take(self, uri: str, version: int) -> Document:
        """Takes the text that the client has now, and tells its mistakes of syntax."""
        text = self.workspace.get_text_document(uri).source
        document = self.open.get(uri)
        if document is None:
            path = to_fs_path(uri) if uri.startswith("file:") else None
            document = self.open[uri] = Document(uri, path, text, version, self.encoding)
        else:
            document.update(text, version)
        self.publish(document)
        return document

    def publish(self, document: Document) -> None:
        """Sends what is known to be wrong."""
        found = diagnostics.diagnostics(document)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(document.uri, found, document.version))

    async def check(self, document: Document, *, after_seconds: float = 0.0) -> None:
        """Checks the text of now, and tells the outcome unless another text has come meanwhile."""
        source = document.source
        await asyncio.sleep(after_seconds)
        if document.source is not source:
            return
        parsed, compiled = await asyncio.to_thread(document.compile, source)
        if document.source is not source or self.open.get(document.uri) is not document:
            return
        document.take(parsed, compiled)
        self.publish(document)
        self.refresh()

    def refresh(self) -> None:
        """Asks the client to ask again for what stands beside the lines, where it can."""
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace is not None and workspace.code_lens is not None and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)


def make_server() -> RewardServer:
    """A server with all that it can do."""
    server = RewardServer()
    _documents(server)
    _about_a_place(server)
    _about_a_file(server)
    _names(server)
    _examples(server)
    _lock(server)
    return server


def _documents(server: RewardServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def _(params: lsp.DidOpenTextDocumentParams) -> None:
        server.open.pop(params.text_document.uri, None)
        await server.check(server.take(params.text_document.uri, params.text_document.version))

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def _(params: lsp.DidChangeTextDocumentParams) -> None:
        await server.check(server.take(params.text_document.uri, params.text_document.version), after_seconds=PAUSE_SECONDS)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def _(params: lsp.DidSaveTextDocumentParams) -> None:
        if params.text_document.uri in server.open:
            for document in list(server.open.values()):
                await server.check(document)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        if server.open.pop(params.text_document.uri, None) is not None:
            server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))


def _about_a_place(server: RewardServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        document = server.document(params.text_document.uri)
        found = hover.hover(document, document.lines.offset(params.position))
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found[0]), document.lines.range(found[1]))

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["<", "."]))
    def _(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        document = server.document(params.text_document.uri)
        return completion.completions(document, document.lines.offset(params.position))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]))
    def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = server.document(params.text_document.uri)
        return diagnostics.quick_fixes(document, document.lines.span(params.range))


def _about_a_file(server: RewardServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def _(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        return outline.symbols(server.document(params.text_document.uri))

    @server.feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    def _(params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        return outline.folds(server.document(params.text_document.uri))

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def _(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        document = server.document(params.text_document.uri)
        try:
            laid_out = format_text(document.source)
        except RewardError:
            return None
        everything = document.lines.range(Span(0, len(document.text)))
        return [] if laid_out == document.text else [lsp.TextEdit(everything, laid_out)]

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document = server.document(params.text_document.uri)
        return ranges.inlay_hints(document, document.lines.span(params.range))


def _names(server: RewardServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def _(params: lsp.DefinitionParams) -> lsp.Location | None:
        document = server.document(params.text_document.uri)
        return rename.definition(server.files(), document, document.lines.offset(params.position))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def _(params: lsp.ReferenceParams) -> list[lsp.Location]:
        document, files = server.document(params.text_document.uri), server.files()
        found = rename.name_at(files, document, document.lines.offset(params.position))
        places = [] if found is None else rename.places(files, found.home)
        wanted = [place for place in places if params.context.include_declaration or not place.given]
        return [lsp.Location(place.file.uri, place.file.range(place.span)) for place in wanted]

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def _(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        document = server.document(params.text_document.uri)
        found = rename.name_at(server.files(), document, document.lines.offset(params.position))
        return None if found is None else lsp.PrepareRenamePlaceholder(document.lines.range(found.span), found.home.symbol.name)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def _(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        document = server.document(params.text_document.uri)
        try:
            edits = rename.renamed(server.files(), document, document.lines.offset(params.position), params.new_name)
        except rename.NotRenamed as error:
            raise JsonRpcInvalidParams(message=str(error)) from None
        return lsp.WorkspaceEdit(changes={uri: list(found) for uri, found in edits.items()})


def _examples(server: RewardServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def _(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        return ranges.lenses(server.document(params.text_document.uri))

    @server.command(ranges.RUN)
    async def _(uri: str, title: str) -> str:
        document = server.document(uri)
        if document.checked is None:
            await server.check(document)
        program, text = document.checked.program if document.checked is not None else None, document.text
        if program is None:
            raise JsonRpcInvalidParams(message="the file has errors, so nothing can be marked")
        result = await asyncio.to_thread(ranges.run_example, program, title)
        if result is None:
            raise JsonRpcInvalidParams(message=f"there is no example called '{title}'")
        if document.text == text:
            document.results[title] = result
            server.publish(document)
            server.refresh()
        server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"{title}: {ranges.outcome(result)}"))
        return ranges.outcome(result)


def _lock(server: RewardServer) -> None:
    @server.command(diagnostics.LOCK)
    async def _(uri: str) -> str:
        document = server.document(uri)
        try:
            told = await asyncio.to_thread(document.relock)
        except OSError as error:
            raise JsonRpcInvalidParams(message=f"the lock cannot be written: {error.strerror or error}") from None
        except ValueError as error:
            raise JsonRpcInvalidParams(message=str(error)) from None
        server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, told))
        for other in list(server.open.values()):
            await server.check(other)
        return told
