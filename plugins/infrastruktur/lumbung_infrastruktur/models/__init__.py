"""The tables of the plugin. Each belongs to a tenant; official Indonesian terms stand in the docstrings."""

from .assets import Asset, Condition, ImportBatch
from .base import LONGEST_TEXT, Model
from .categories import Category, Destination, Question, ReplyTemplate, Route
from .exchange import ApiKey, Source
from .reports import LogEntry, Photo, Report, Series, Support
from .work import Crew, FieldUpdate, Plan, WorkItem, WorkOrder

__all__ = [
    "LONGEST_TEXT",
    "ApiKey",
    "Asset",
    "Category",
    "Condition",
    "Crew",
    "Destination",
    "FieldUpdate",
    "ImportBatch",
    "LogEntry",
    "Model",
    "Photo",
    "Plan",
    "Question",
    "ReplyTemplate",
    "Report",
    "Route",
    "Series",
    "Source",
    "Support",
    "WorkItem",
    "WorkOrder",
]
